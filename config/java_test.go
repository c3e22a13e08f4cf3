package config

// Properties files mean what they mean to Java and to Kafka: files that are
// written by hand, and random ones, are read by both.

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"milena/internal/testseed"
)

const login = "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "

// logins are files that Java logs in with, and what it makes of one setting, or
// of an option of the login.
var logins = map[string]struct{ file, name, value string }{
	"a blank at the end":                {"sasl.mechanism=PLAIN \t\n", "sasl.mechanism", "PLAIN"},
	"blanks and a colon":                {"  ssl.key.password :  geheim\n", "ssl.key.password", "geheim"},
	"no separator but a blank":          {"client.id milena\n", "client.id", "milena"},
	"an escape in a name":               {"client\\.id=a\n", "client.id", "a"},
	"a separator in a name":             {"a\\=b\\ c=d\n", "a=b c", "d"},
	"CRLF":                              {"client.id=a\r\nacks=all\r\n", "client.id", "a"},
	"CR alone":                          {"client.id=a\racks=all\r", "client.id", "a"},
	"CRLF after a continuation":         {"client.id=a\\\r\n   b\r\n", "client.id", "ab"},
	"a continued blank line":            {"client.id=a\\\n\nacks=all\n", "client.id", "a"},
	"a comment is not continued":        {"# a\\\nclient.id=b\n", "client.id", "b"},
	"an exclamation mark":               {"! no\nclient.id=b\n", "client.id", "b"},
	"a pair of surrogates":              {"client.id=\\ud83d\\ude00\n", "client.id", "😀"},
	"half a pair of surrogates":         {"client.id=\\ud83dx\n", "client.id", "?x"},
	"Latin-1":                           {"client.id=K\xf6ln\n", "client.id", "Köln"},
	"UTF-8 is Latin-1 to Java":          {"client.id=K\xc3\xb6ln\n", "client.id", "KÃ¶ln"},
	"a backslash at the end":            {"client.id=a\\", "client.id", "a"},
	"two backslashes at the end":        {"client.id=a\\\\", "client.id", "a\\"},
	"an escape without a meaning":       {"client.id=\\a\\:\\\"\n", "client.id", "a:\""},
	"octal in properties is none":       {"client.id=\\101\n", "client.id", "101"},
	"the last of two":                   {"client.id=a\nclient.id=b\n", "client.id", "b"},
	"nothing after the name":            {"client.id\nacks=1\n", "client.id", ""},
	"a login":                           {login + `username="ada" password="x";` + "\n", "login password", "x"},
	"a login over lines":                {login + "\\\n  username=\"ada\" \\\n  password=\"x\";\n", "login username", "ada"},
	"octal in a login":                  {login + `username=a password="\\101\\7\\400";`, "login password", "A\a\x200"},
	"letters in a login":                {login + `username=a password="\\t\\v\\a\\q";`, "login password", "\t\v\aq"},
	"quotes of the other kind":          {login + `username=a password='"x"';`, "login password", `"x"`},
	"a comment in a login":              {login + `username=a/* b */password=c; // d`, "login password", "c"},
	"a slash begins a comment":          {login + `username=a / b \n password=c;`, "login password", "c"},
	"quoted names":                      {login + `"username"="a" 'password'='b';`, "login password", "b"},
	"the flag in capitals":              {strings.Replace(login, "required", "REQUIRED", 1) + `username=a;`, "login username", "a"},
	"a quoted text ends with its line":  {login + `username=a password="b\n;`, "login password", "b"},
	"a login with a letter of Latin-1":  {login + "username=a password=\"K\xf6ln\";", "login password", "Köln"},
	"the last option of two":            {login + "username=a username=b;", "login username", "b"},
	"a value with a dollar":             {login + "username=$ab_c-d.e;", "login username", "$ab_c-d.e"},
	"an escaped semicolon in the value": {login + `username="a;b";`, "login username", "a;b"},
}

func TestLoginsAsJavaReadsThem(t *testing.T) {
	for what, l := range logins {
		p, err := parseProperties([]byte(l.file))
		got := p[l.name]
		if name, ok := strings.CutPrefix(l.name, "login "); ok && err == nil {
			var j jaas
			j, err = parseJAAS(p["sasl.jaas.config"])
			got = j.options[name]
		}
		if got = strings.ReplaceAll(got, "\ufffd", "?"); err != nil || got != l.value {
			t.Errorf("%s: %q has %s %q, want %q (%v)", what, l.file, l.name, got, l.value, err)
		}
	}
}

// Librdkafka knows no escapes, Java does; a file can have lines of both.
func TestEachLineInItsOwnSyntax(t *testing.T) {
	p, err := parseProperties([]byte("sasl.username=ada\\\n" + login + "\\\n   username=\"grace\" \\\n  password=\"a\\\\\\\\b\";\r\nsasl.password=c\\d\n"))
	if err != nil {
		t.Fatal(err)
	}
	j, err := parseJAAS(p["sasl.jaas.config"])
	if err != nil || j.options["username"] != "grace" || j.options["password"] != `a\b` {
		t.Errorf("%+v, %v", j, err)
	}
	if p["sasl.username"] != `ada\` || p["sasl.password"] != `c\d` {
		t.Errorf("%v", p)
	}
}

// randomFile is made of what files of properties and logins are made of.
func randomFile(r *rand.Rand) string {
	pieces := []string{
		"client.id", "acks", "ä", "=", ":", " ", "\t", "\f", "\n", "\r\n", "\r", "\\", "\\\n", "\\\r\n", "\\\\", "\\u00e9", "\\ud83d\\ude00",
		"\\t", "#", "!", "x", "\xf6", "\x00", "\x1f",
	}
	words := []string{"a", "username", "=", "=", "\"", "'", ";", " ", "/", "/*", "*/", "//", "\\n", "\\\\101", "\\\\\"", "\\\\t", "\\\n  ", "b.c_d-e$", "\xe9"}
	var file strings.Builder
	for range r.IntN(20) {
		file.WriteString(pieces[r.IntN(len(pieces))])
	}
	if r.IntN(2) == 0 {
		file.WriteString("\n" + login + "username=\"u\" password=\"")
		for range r.IntN(6) {
			file.WriteString(words[r.IntN(len(words))])
		}
		file.WriteString("\" ")
		for range r.IntN(10) {
			file.WriteString(words[r.IntN(len(words))])
		}
		file.WriteString(";\n")
	}
	return file.String()
}

// With the folder of Kafka's jars in MILENA_TEST_KAFKA_JARS, Java reads the files
// too. What Java refuses, this package may take.
func TestDifferentialLogins(t *testing.T) {
	jars := os.Getenv("MILENA_TEST_KAFKA_JARS")
	if jars == "" {
		t.Skip("MILENA_TEST_KAFKA_JARS is not set")
	}
	var files []string
	for _, what := range slices.Sorted(maps.Keys(logins)) {
		files = append(files, logins[what].file)
	}
	r := rand.New(rand.NewPCG(10+testseed.Of(t), 0))
	for range 4000 {
		files = append(files, randomFile(r))
	}
	dir := t.TempDir()
	args := []string{"-cp", filepath.Join(jars, "*"), "testdata/java/Login.java"}
	for i, file := range files {
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	java := exec.CommandContext(t.Context(), "java", args...)
	java.Stderr = os.Stderr
	out, err := java.Output()
	if err != nil {
		t.Fatal(err)
	}
	read := strings.Split(string(out), "file ")[1:]
	if len(read) != len(files) {
		t.Fatalf("Java read %d files of %d", len(read), len(files))
	}
	settings, logged := 0, 0
	for i, file := range files {
		_, want, _ := strings.Cut(read[i], "\n")
		if strings.HasPrefix(want, "error") {
			continue
		}
		got := asJavaPrints([]byte(file))
		settings++
		if before, _, refused := strings.Cut(want, "login error"); refused {
			want = before
			got, _, _ = strings.Cut(got, "login ")
		} else if strings.Contains(want, "login ") {
			logged++
		}
		if got != want {
			t.Errorf("%q:\n%s\nJava reads\n%s", file, got, want)
		}
	}
	t.Logf("%d files with %d logins", settings, logged)
	if settings < 3000 || logged < 200 {
		t.Errorf("only %d files and %d logins were read by Java: not much of a test", settings, logged)
	}
}

func asJavaPrints(text []byte) string {
	// Half a pair of surrogates is no letter; Java prints a question mark.
	code := func(s string) string {
		return hex.EncodeToString([]byte(strings.ReplaceAll(s, string(utf8.RuneError), "?")))
	}
	table := func(p map[string]string, indent string) string {
		coded := make(map[string]string, len(p))
		for name, value := range p {
			if name != "" { // it sets nothing
				coded[code(name)] = code(value)
			}
		}
		var lines strings.Builder
		for _, name := range slices.Sorted(maps.Keys(coded)) {
			lines.WriteString(indent + name + "=" + coded[name] + "\n")
		}
		return lines.String()
	}
	p, err := parseJava(text, false)
	if err != nil {
		return "error\n"
	}
	out := table(p, "")
	if text, ok := p["sasl.jaas.config"]; ok {
		j, err := parseJAAS(text)
		if err != nil {
			return out + "login error: " + err.Error() + "\n"
		}
		out += "login " + code(j.class) + "\n" + table(j.options, "  ")
	}
	return out
}
