import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.openqa.selenium.ImmutableCapabilities;
import org.openqa.selenium.WebDriverException;
import org.openqa.selenium.json.Json;
import org.openqa.selenium.remote.RemoteWebDriver;
import org.openqa.selenium.remote.http.ClientConfig;
import org.openqa.selenium.virtualauthenticator.Credential;
import org.openqa.selenium.virtualauthenticator.HasVirtualAuthenticator;
import org.openqa.selenium.virtualauthenticator.VirtualAuthenticator;
import org.openqa.selenium.virtualauthenticator.VirtualAuthenticatorOptions;
import org.openqa.selenium.virtualauthenticator.VirtualAuthenticatorOptions.Protocol;
import org.openqa.selenium.virtualauthenticator.VirtualAuthenticatorOptions.Transport;

/**
 * Each call of Selenium's virtual authenticators for Java, on the demo site in the browser that the capabilities name:
 * {@code VirtualAuthenticatorCases WEBDRIVER SITE CAPABILITIES}. One line for each case, as tests/e2e/run counts them.
 */
final class VirtualAuthenticatorCases {
  private static final Duration CEREMONY = Duration.ofSeconds(120);
  private static final Duration REFUSAL = Duration.ofSeconds(15);
  private static final byte[] ID = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private interface Step {
    void run() throws Exception;
  }

  private final RemoteWebDriver driver;
  private boolean failed;

  private VirtualAuthenticatorCases(RemoteWebDriver driver) {
    this.driver = driver;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, Object> capabilities = new Json().toType(arguments[2], Json.MAP_TYPE);
    ClientConfig patient = ClientConfig.defaultConfig().readTimeout(Duration.ofMinutes(10));
    RemoteWebDriver driver =
        new RemoteWebDriver(URI.create(arguments[0]).toURL(), new ImmutableCapabilities(capabilities), patient);
    VirtualAuthenticatorCases cases = new VirtualAuthenticatorCases(driver);
    try {
      cases.runAll(arguments[1]);
    } finally {
      driver.quit();
    }
    System.exit(cases.failed ? 1 : 0);
  }

  private void runAll(String site) {
    HasVirtualAuthenticator keys = driver;
    driver.get(site);
    VirtualAuthenticator[] key = new VirtualAuthenticator[1];
    run("java-registers-and-logs-in", () -> {
      waitUntil(CEREMONY, "document.body?.dataset.ready === 'true'");
      choose("required", "required");
      account("alice-of-java");
      key[0] = keys.addVirtualAuthenticator(authenticator());
      expect(!key[0].getId().isEmpty(), "the authenticator has no id");
      expectVerified("register");
      List<Credential> registered = key[0].getCredentials();
      expect(registered.size() == 1, "there are " + registered.size() + " credentials");
      expect(registered.get(0).getRpId().equals("localhost"), "its RP id is " + registered.get(0).getRpId());
      expect(registered.get(0).isResidentCredential(), "it is not discoverable");
      expectVerified("login");
      int counter = key[0].getCredentials().get(0).getSignCount();
      expect(counter > registered.get(0).getSignCount(), "the counter is " + counter);
    });
    run("java-user-verification-can-fail", () -> {
      key[0].setUserVerified(false);
      expectRefused("login");
      key[0].setUserVerified(true);
      expectVerified("login");
    });
    run("java-credentials-are-added-and-removed", () -> {
      key[0].removeCredential(key[0].getCredentials().get(0).getId());
      expect(key[0].getCredentials().isEmpty(), "the removed credential is still there");
      key[0].addCredential(Credential.createResidentCredential(ID, "localhost", privateKey(), new byte[] {1}, 7));
      byte[] other = Arrays.copyOf(ID, 20);
      key[0].addCredential(Credential.createNonResidentCredential(other, "localhost", privateKey(), 0));
      List<Credential> added = key[0].getCredentials();
      expect(added.size() == 2, "there are " + added.size() + " credentials");
      Credential resident = added.stream().filter(Credential::isResidentCredential).findFirst().orElseThrow();
      expect(Arrays.equals(resident.getId(), ID), "its id is another");
      expect(resident.getSignCount() == 7, "its counter is " + resident.getSignCount());
      expect(Arrays.equals(resident.getUserHandle(), new byte[] {1}), "its user handle is another");
      key[0].removeAllCredentials();
      expect(key[0].getCredentials().isEmpty(), "there still are credentials");
    });
    run("java-an-authenticator-goes-away", () -> {
      keys.removeVirtualAuthenticator(key[0]);
      try {
        key[0].getCredentials();
      } catch (WebDriverException gone) {
        return;
      }
      throw new AssertionError("the removed authenticator still answers");
    });
    run("java-a-u2f-key-registers-and-logs-in", () -> {
      choose("preferred", "discouraged");
      VirtualAuthenticatorOptions options = new VirtualAuthenticatorOptions().setProtocol(Protocol.U2F);
      VirtualAuthenticator u2f = keys.addVirtualAuthenticator(options.setTransport(Transport.USB));
      account("bob");
      expectVerified("register");
      expectVerified("login");
      keys.removeVirtualAuthenticator(u2f);
    });
  }

  private static VirtualAuthenticatorOptions authenticator() {
    return new VirtualAuthenticatorOptions()
        .setProtocol(Protocol.CTAP2)
        .setTransport(Transport.USB)
        .setHasResidentKey(true)
        .setHasUserVerification(true)
        .setIsUserConsenting(true)
        .setIsUserVerified(true);
  }

  private static PKCS8EncodedKeySpec privateKey() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return new PKCS8EncodedKeySpec(generator.generateKeyPair().getPrivate().getEncoded());
  }

  // --- the demo site

  private void choose(String verification, String resident) {
    driver.executeScript(
        "for (const [name, value] of Object.entries(arguments[0]))"
            + " document.querySelector(`input[name=${name}][value=${value}]`).checked = true;",
        Map.of("userVerification", verification, "residentKey", resident, "attestation", "none"));
  }

  private void account(String name) {
    driver.executeScript("document.getElementById('account').value = arguments[0]", name);
  }

  private void press(String button) {
    driver.executeScript("document.getElementById(arguments[0]).click()", button);
  }

  private boolean ends(Duration within) {
    return waitUntil(within, "['verified', 'cancelled', 'failed'].includes(document.getElementById('outcome').dataset.state)");
  }

  private Object outcome() {
    return driver.executeScript("const {dataset, innerText} = document.getElementById('outcome'); return dataset.state + ': ' + innerText");
  }

  private void expectVerified(String button) {
    press(button);
    ends(CEREMONY);
    expect(outcome().toString().startsWith("verified"), button + ": " + outcome());
  }

  /** The key refuses; where the browser then shows that to the person, he cancels. */
  private void expectRefused(String button) {
    press(button);
    if (!ends(REFUSAL)) {
      driver.executeScript("document.getElementById('cancel').click()");
      expect(ends(CEREMONY), button + " is not cancelled");
    }
    expect(!outcome().toString().startsWith("verified"), button + " was verified, although the key refused");
  }

  private boolean waitUntil(Duration within, String condition) {
    Instant end = Instant.now().plus(within);
    while (!Boolean.TRUE.equals(driver.executeScript("return " + condition))) {
      if (Instant.now().isAfter(end)) return false;
      try {
        Thread.sleep(200);
      } catch (InterruptedException interrupted) {
        throw new IllegalStateException(interrupted);
      }
    }
    return true;
  }

  // --- the cases

  private void run(String name, Step step) {
    Instant started = Instant.now();
    try {
      step.run();
      long seconds = Duration.between(started, Instant.now()).toSeconds();
      System.out.println("ok " + name + " (" + seconds + " s)");
    } catch (Exception | AssertionError problem) {
      failed = true;
      System.out.println("not ok " + name + ": " + String.valueOf(problem.getMessage()).replaceAll("\\s+", " "));
      problem.printStackTrace();
    }
  }

  private static void expect(boolean holds, String otherwise) {
    if (!holds) throw new AssertionError(otherwise);
  }
}
