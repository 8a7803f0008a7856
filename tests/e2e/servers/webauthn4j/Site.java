import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A site on webauthn4j and the JDK's own HTTP server, with the routes and the JSON of tools/demo. Listens on the loopback address. */
public final class Site {
  private static final int MAX_BODY = 256 * 1024;
  private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  private static final Set<String> WITH_VALUE =
      Set.of("--page", "--library-version", "--port", "--rp-id", "--origin", "--attestation-root", "--metadata", "--metadata-root");

  private interface Call {
    JsonNode answer(JsonNode body) throws Refused;
  }

  private record PageFile(String name, String type) {}

  private static final Map<String, PageFile> FILES = Map.of(
      "/", new PageFile("index.html", "text/html; charset=utf-8"),
      "/style.css", new PageFile("style.css", "text/css; charset=utf-8"),
      "/page.js", new PageFile("page.js", "text/javascript; charset=utf-8"));

  private final JsonMapper json = JsonMapper.shared();
  private final Path page;
  private final Map<String, Call> calls;

  private Site(Path page, RelyingParty party) {
    this.page = page;
    this.calls = Map.of(
        "GET /api/accounts", party::accounts,
        "POST /api/register/options", party::registrationOptions,
        "POST /api/register/verify", party::verifyRegistration,
        "POST /api/login/options", party::loginOptions,
        "POST /api/login/verify", party::verifyLogin,
        "POST /api/credentials/remove", party::removeCredential);
  }

  public static void main(String[] arguments) throws Exception {
    var given = new HashMap<String, String>();
    for (var i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--require-trust")) {
        given.put(arguments[i], "");
      } else if (WITH_VALUE.contains(arguments[i]) && i + 1 < arguments.length) {
        given.put(arguments[i], arguments[++i]);
      } else {
        System.err.println("what is " + arguments[i] + "? There are: --require-trust " + String.join(" ", WITH_VALUE));
        System.exit(2);
      }
    }
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(given.getOrDefault("--port", "0"))), 0);
    var origin = "http://localhost:" + server.getAddress().getPort();
    var judge = new Judge(pathOf(given, "--attestation-root"), given.get("--metadata"), pathOf(given, "--metadata-root"),
        given.containsKey("--require-trust"));
    var party = new RelyingParty(given.getOrDefault("--rp-id", "localhost"), given.getOrDefault("--origin", origin), judge,
        given.get("--library-version"));
    server.createContext("/", new Site(pathOf(given, "--page"), party)::serve);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.start();
    System.out.println("ready: " + origin);
  }

  private static Path pathOf(Map<String, String> given, String option) {
    return given.containsKey(option) ? Path.of(given.get(option)) : null;
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      var method = exchange.getRequestMethod();
      var file = method.equals("GET") ? FILES.get(path) : null;
      var call = calls.get(method + " " + path);
      if (file != null) {
        send(exchange, 200, file.type, Files.readAllBytes(page.resolve(file.name)));
      } else if (call == null) {
        send(exchange, 404, "text/plain", "not here\n".getBytes(StandardCharsets.UTF_8));
      } else {
        answer(exchange, call);
      }
    }
  }

  private void answer(HttpExchange exchange, Call call) throws IOException {
    JsonNode result;
    var status = 200;
    try {
      result = call.answer(exchange.getRequestMethod().equals("POST") ? bodyOf(exchange) : json.createObjectNode());
    } catch (Refused refused) {
      status = 400;
      result = json.createObjectNode().put("error", refused.getMessage());
    } catch (RuntimeException error) {
      error.printStackTrace();
      status = 500;
      result = json.createObjectNode().put("error", "the server failed; its log says more");
    }
    send(exchange, status, "application/json", json.writeValueAsString(result).getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode bodyOf(HttpExchange exchange) throws IOException, Refused {
    var bytes = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
    if (bytes.length > MAX_BODY) throw new Refused("the request is too long");
    try {
      var body = json.readTree(bytes);
      if (body.isObject()) return body;
    } catch (JacksonException error) {
      // said below
    }
    throw new Refused("the request is not JSON");
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Content-Security-Policy", POLICY);
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
