// Prints how Java and Kafka understand properties files: for each file given, a
// line with its name, then a line a setting, all in hexadecimal UTF-8; and of a
// sasl.jaas.config its login module and options. "error" stands for what is
// refused. The test beside it prints the same.

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

public class Login {
  public static void main(String[] files) throws Exception {
    StringBuilder out = new StringBuilder();
    for (String file : files) {
      out.append("file ").append(Path.of(file).getFileName()).append('\n');
      try {
        print(out, Path.of(file));
      } catch (IllegalArgumentException e) {
        out.append("error\n");
      }
    }
    System.out.print(out);
  }

  static void print(StringBuilder out, Path file) throws Exception {
    Properties read = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      read.load(in);
    }
    Map<String, Password> settings = new TreeMap<>();
    read.remove(""); // it sets nothing
    for (String name : read.stringPropertyNames()) {
      settings.put(hex(name), (Password) ConfigDef.parseType(name, read.getProperty(name), ConfigDef.Type.PASSWORD));
    }
    settings.forEach((name, value) -> out.append(name).append('=').append(hex(value.value())).append('\n'));
    Password jaas = settings.get(hex("sasl.jaas.config"));
    if (jaas == null) {
      return;
    }
    try {
      List<AppConfigurationEntry> logins =
          JaasContext.loadClientContext(Map.of("sasl.jaas.config", jaas)).configurationEntries();
      out.append("login ").append(hex(logins.get(0).getLoginModuleName())).append('\n');
      Map<String, Object> options = new TreeMap<>();
      logins.get(0).getOptions().forEach((name, value) -> options.put(hex(name), value));
      options.forEach((name, value) -> out.append("  ").append(name).append('=').append(hex((String) value)).append('\n'));
    } catch (RuntimeException e) {
      out.append("login error\n");
    }
  }

  static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }
}
