package bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One article, cleaned as copydesk does, dates aside: lines, key v1 (docs/key-v1.md), SHA-256, repeats whose key has 40 bytes or
 * more dropped. Written as a careful Java programmer would: ASCII takes a short way, and everything that can be is made once.
 */
final class Desk {
  private static final Pattern LINE_END = Pattern.compile("\r\n|[\n\r\u000b\f\u0085\u2028\u2029]");
  private static final int SHORTEST_REPEAT = 40;

  /** What stands in the key for each letter of the BMP: the letter, ' ' for white space, DELETED for nothing. */
  private static final char[] FOLDED = new char[0x10000];

  private static final boolean[] IGNORABLE = new boolean[0x10000];
  private static final char DELETED = '\uffff';

  static {
    for (int letter = 0; letter < FOLDED.length; letter++) {
      int folded = isSpace(letter) ? ' ' : fold(letter);
      FOLDED[letter] = folded < 0 ? DELETED : (char) folded;
    }
    int[] ranges = {
      0xad, 0xad, 0x34f, 0x34f, 0x61c, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180f, 0x200b, 0x200f, 0x202a, 0x202e,
      0x2060, 0x206f, 0x3164, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0, 0xfff0, 0xfff8
    };
    for (int range = 0; range < ranges.length; range += 2) {
      Arrays.fill(IGNORABLE, ranges[range], ranges[range + 1] + 1, true);
    }
  }

  private final ObjectMapper json = new ObjectMapper();
  private final MessageDigest sha256;

  Desk() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  byte[] clean(byte[] payload) {
    try {
      ObjectNode article = (ObjectNode) json.readTree(payload);
      String headline = article.path("title").asText("");
      String[] lines = LINE_END.split(article.path("text").asText(""), -1);

      Map<String, Object> first = new HashMap<>();
      Map<Integer, String> texts = new HashMap<>();
      first.put(hash(key(headline)), "headline");
      StringBuilder body = new StringBuilder(payload.length);
      ArrayNode paragraphs = json.createArrayNode();
      ArrayNode dropped = json.createArrayNode();
      for (int number = 0; number < lines.length; number++) {
        String line = lines[number].strip();
        if (line.isEmpty()) {
          continue;
        }
        byte[] key = key(line);
        String hash = hash(key);
        Object before = first.putIfAbsent(hash, number);
        if (before != null && key.length >= SHORTEST_REPEAT) {
          ObjectNode repeat = dropped.addObject().put("line", number).put("hash", hash);
          repeat.putPOJO("repeatOf", before).put("reason", "repeat");
          if (!line.equals(before instanceof Integer at ? texts.get(at) : headline)) {
            repeat.put("text", line);
          }
          continue;
        }
        texts.put(number, line);
        body.append(body.isEmpty() ? "" : "\n").append(line);
        paragraphs.addObject().put("line", number).put("hash", hash);
      }

      ObjectNode record = json.createObjectNode();
      record.set("uri", article.remove("uri"));
      record.put("headline", headline);
      record.set("source", article.remove("source"));
      record.set("language", article.remove("language"));
      JsonNode date = article.remove("date");
      record.set("datePublished", date);
      record.put("bodyText", body.toString());
      record.set("paragraphs", paragraphs);
      record.set("dropped", dropped);
      ObjectNode stats = record.putObject("stats");
      stats.put("linesIn", lines.length).put("linesOut", paragraphs.size());
      record.putObject("processor").put("name", "streams").put("version", "1").put("keyVersion", 1);
      article.remove("title");
      article.remove("text");
      record.set("extra", article);
      return json.writeValueAsBytes(record);
    } catch (IOException error) {
      throw new IllegalArgumentException(error);
    }
  }

  private String hash(byte[] key) {
    return HexFormat.of().formatHex(sha256.digest(key));
  }

  private static byte[] key(String text) {
    String folded = isAscii(text) ? text.toLowerCase(Locale.ROOT) : casefold(text);
    StringBuilder key = new StringBuilder(folded.length());
    boolean space = false;
    for (int at = 0; at < folded.length(); at++) {
      char letter = folded.charAt(at);
      char folding = FOLDED[letter];
      if (folding == ' ') {
        space = !key.isEmpty();
        continue;
      }
      if (folding == DELETED) {
        continue;
      }
      if (space) {
        key.append(' ');
        space = false;
      }
      if (Character.isHighSurrogate(letter) && at + 1 < folded.length()) {
        key.appendCodePoint(fold(folded.codePointAt(at++)));
      } else {
        key.append(folding);
      }
    }
    return key.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isAscii(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  /** NFKC_Casefold, as near as the standard library comes: upper case first, which has the expansions (ß, ﬁ). */
  private static String casefold(String text) {
    String visible = withoutIgnorables(text);
    String folded = visible.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT).replace('ς', 'σ');
    return Normalizer.normalize(folded, Normalizer.Form.NFKC);
  }

  private static String withoutIgnorables(String text) {
    StringBuilder visible = null;
    for (int at = 0; at < text.length(); at++) {
      char letter = text.charAt(at);
      if (IGNORABLE[letter] && visible == null) {
        visible = new StringBuilder(text.length()).append(text, 0, at);
      } else if (!IGNORABLE[letter] && visible != null) {
        visible.append(letter);
      }
    }
    return visible == null ? text : visible.toString();
  }

  private static boolean isSpace(int letter) {
    return letter == ' ' || letter >= '\t' && letter <= '\r' || letter == 0x85 || letter == 0xa0 || letter > 0x1000 && Character.isSpaceChar(letter);
  }

  /** The code point that stands in the key, or -1 where it is deleted. */
  private static int fold(int letter) {
    if (letter == 0x640 || letter >= 0x64b && letter <= 0x652 || letter == 0x670) {
      return -1;
    }
    switch (letter) {
      case 0x201c, 0x201d, 0x201e, 0x201f, 0xab, 0xbb:
        return '"';
      case 0x2018, 0x2019, 0x201a, 0x201b, 0x2039, 0x203a:
        return '\'';
      case 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212:
        return '-';
      default:
        boolean digit = Character.getType(letter) == Character.DECIMAL_DIGIT_NUMBER;
        return digit ? '0' + Character.digit(letter, 10) : letter;
    }
  }
}
