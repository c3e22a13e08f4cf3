package cli

// kcat's command lines: milena -C -b HOST -t TOPIC does what kcat would, and
// says which of milena's own commands that is.

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// kcat's letters; those followed by a colon take a value.
const kcatLetters = "PCG:LQM:t:p:b:z:o:eED:K:k:H:Od:qvF:X:c:Tuf:ZlVhs:r:Jm:U"

// kcatLine is a command line of kcat.
type kcatLine struct {
	mode  byte // C, P, L, Q, G or M; 0: none is named
	given []kcatOption
	args  []string // topics or files
	long  []string // milena's own, as --demo
}

type kcatOption struct {
	letter byte
	value  string
}

// parseKcat reads a command line as kcat does; false: it is none of kcat's.
func parseKcat(args []string) (l kcatLine, ok bool) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			l.args = append(l.args, args[i+1:]...)
			return l, true
		case strings.HasPrefix(arg, "--"):
			l.long = append(l.long, arg)
			continue
		case len(arg) < 2 || arg[0] != '-':
			l.args = append(l.args, arg)
			continue
		}
		for letters := arg[1:]; letters != ""; {
			o := kcatOption{letter: letters[0]}
			letters = letters[1:]
			at := strings.IndexByte(kcatLetters, o.letter)
			if at < 0 || o.letter == ':' {
				return l, false
			}
			if at+1 < len(kcatLetters) && kcatLetters[at+1] == ':' {
				if letters == "" {
					if i++; i == len(args) {
						return l, false
					}
					letters = args[i]
				}
				o.value, letters = letters, ""
			}
			if strings.IndexByte("PCGLQM", o.letter) >= 0 {
				l.mode = o.letter
			}
			l.given = append(l.given, o)
		}
	}
	return l, true
}

// last is the value of a letter, the last one that is given.
func (l *kcatLine) last(letter byte) (value string, ok bool) {
	for _, o := range l.given {
		if o.letter == letter {
			value, ok = o.value, true
		}
	}
	return value, ok
}

func (l *kcatLine) has(letter byte) bool {
	_, ok := l.last(letter)
	return ok
}

// kcatArgs turns a command line of kcat into milena's; translated tells whether
// it was one.
func kcatArgs(root *cobra.Command, args []string) (own []string, translated bool, err error) {
	named := len(args) > 0 && (args[0] == "kcat" || args[0] == "kafkacat")
	if named {
		args = args[1:]
	}
	l, ok := parseKcat(args)
	if !ok || l.mode == 0 && !named {
		if named {
			return nil, false, usage("this is not a command line of kcat: kcat %s", strings.Join(args, " "))
		}
		return args, false, nil
	}
	if !named && len(l.args) > 0 {
		if cmd, _, err := root.Find(l.args); err == nil && cmd != root {
			return args, false, nil // milena tail -C is milena's
		}
	}
	for _, o := range l.given { // what no mode has here
		switch hint := foreignLetters[""][string(o.letter)]; o.letter {
		case 's', 'r', 'd', 'M':
			return nil, true, usage("-%c: %s", o.letter, hint)
		case 'V':
			return []string{"version"}, true, nil
		case 'h', 'U':
			return []string{"help"}, true, nil
		}
	}
	own, err = l.command()
	if err != nil {
		return nil, true, err
	}
	rest, err := l.shared()
	if err != nil {
		return nil, true, err
	}
	return append(append(own, rest...), l.long...), true, nil
}

// command is what the mode means, with the flags that only it has.
func (l *kcatLine) command() ([]string, error) {
	topic, hasTopic := l.last('t')
	if !hasTopic && l.mode != 'L' && l.mode != 'G' {
		return nil, usage("-t TOPIC is missing")
	}
	if len(l.args) > 0 && (l.mode == 'C' || l.mode == 'L') {
		return nil, usage("%q: kcat -%c takes no arguments; name the topic with -t", l.args[0], l.mode)
	}
	switch l.mode {
	case 'L':
		own := []string{"topics"}
		if hasTopic {
			own = []string{"topic", "describe", topic}
		}
		return l.add(own, 'J'), nil
	case 'Q':
		part := strings.Split(topic, ":")
		if len(part) != 3 {
			return nil, usage("-t %q: kcat -Q takes TOPIC:PARTITION:TIMESTAMP", topic)
		}
		return nil, usage("-Q: milena tail %s -p %s -o @%s -c 1 -e -f '%%o\\n' prints the offset of the first message from that time on",
			quoted(part[0]), quoted(part[1]), part[2])
	case 'P':
		return l.producer(topic)
	case 'G':
		group, _ := l.last('G')
		topics := l.args
		if hasTopic {
			topics = append([]string{topic}, topics...)
		}
		if len(topics) == 0 {
			return nil, usage("-G takes topics after it, as in: milena tail TOPIC --group %s", quoted(group))
		}
		return l.consumer(append([]string{"tail", "--group", group}, topics...))
	case 'C', 0:
		return l.consumer([]string{"tail", topic})
	}
	return nil, usage("-%c is no mode of milena", l.mode)
}

// consumer are the flags of -C and -G.
func (l *kcatLine) consumer(own []string) ([]string, error) {
	var from, to, start string
	for _, o := range l.given {
		switch {
		case o.letter != 'o':
		case strings.HasPrefix(o.value, "s@"):
			from = "@" + o.value[2:]
		case strings.HasPrefix(o.value, "e@"):
			to = "@" + o.value[2:]
		default:
			start = o.value
		}
	}
	switch {
	case to != "":
		own = append(own, "-o", cmp.Or(from, start, "beginning")+".."+to)
	case cmp.Or(from, start) != "":
		own = append(own, "-o", cmp.Or(from, start))
	case l.mode != 'G':
		own = append(own, "-o", "beginning") // where kcat begins
	}
	if p, ok := l.last('p'); ok && p != "-1" {
		own = append(own, "-p", p)
	}
	own = l.add(own, 'e', 'c', 'Z', 'J', 'f')
	between, hasKey := l.last('K')
	after, hasAfter := l.last('D')
	if (hasKey || hasAfter || l.has('O')) && !l.has('J') && !l.has('f') {
		format := "%s" + percents(cmp.Or(after, `\n`))
		if hasAfter && after == "" {
			format = "%s"
		}
		between = percents(between)
		if hasKey {
			format = "%k" + between + format
		}
		if l.has('O') {
			format = "%o" + cmp.Or(between, ":") + format
		}
		own = append(own, "-f", format)
	}
	return own, nil
}

// percents is a delimiter as a format has it.
func percents(delimiter string) string { return strings.ReplaceAll(delimiter, "%", "%%") }

// producer are the flags of -P.
func (l *kcatLine) producer(topic string) ([]string, error) {
	own := []string{"produce", topic}
	switch {
	case l.has('T'):
		return nil, usage("-T: %s", foreignLetters["produce"]["T"])
	case l.has('l') && len(l.args) == 1:
		own = append(own, "-l", l.args[0])
	case l.has('l'):
		return nil, usage("-l takes one file")
	case len(l.args) > 0:
		return nil, usage("%q: milena does not send a whole file as one message; its text can be the VALUE: milena produce %s \"$(cat %s)\"; -l sends its lines",
			l.args[0], quoted(topic), quoted(l.args[0]))
	}
	if p, ok := l.last('p'); ok && p != "-1" {
		own = append(own, "-p", p)
	}
	return l.add(own, 'K', 'D', 'k', 'H', 'z', 'c', 'Z'), nil
}

// add adds letters that mean the same in milena.
func (l *kcatLine) add(own []string, letters ...byte) []string {
	for _, o := range l.given {
		if !slices.Contains(letters, o.letter) {
			continue
		}
		own = append(own, "-"+string(o.letter))
		if at := strings.IndexByte(kcatLetters, o.letter); kcatLetters[at+1] == ':' {
			own = append(own, o.value)
		}
	}
	return own
}

// shared are the flags of all modes.
func (l *kcatLine) shared() ([]string, error) {
	own := l.add(nil, 'b', 'F', 'q')
	for _, o := range l.given {
		switch o.letter {
		case 'v':
			if !slices.Contains(own, "-v") {
				own = append(own, "-v")
			}
		case 'X':
			own = append(own, "-X", strings.TrimPrefix(o.value, "topic."))
		case 'm':
			seconds, err := strconv.Atoi(o.value)
			if err != nil || seconds < 1 {
				return nil, usage("-m %q: it needs a number of seconds above 0", o.value)
			}
			own = append(own, "-X", fmt.Sprintf("request.timeout.ms=%d", seconds*1000))
		}
	}
	return own, nil
}

// quoted is an argument as a shell reads it.
func quoted(arg string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@,+%", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// asTyped is a command line as somebody would type it, without secrets.
func asTyped(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		if name, _, ok := strings.Cut(arg, "="); ok && i > 0 && args[i-1] == "-X" && isSecret(name) {
			arg = name + "=…"
		}
		words[i] = quoted(arg)
	}
	return "milena " + strings.Join(words, " ")
}

func isSecret(name string) bool {
	return strings.Contains(name, "password") || strings.Contains(name, "jaas") || strings.Contains(name, "key") || strings.Contains(name, "secret")
}
