import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.AuthenticationParameters;
import com.webauthn4j.data.PublicKeyCredentialParameters;
import com.webauthn4j.data.PublicKeyCredentialType;
import com.webauthn4j.data.RegistrationParameters;
import com.webauthn4j.data.attestation.authenticator.AuthenticatorData;
import com.webauthn4j.data.attestation.statement.CertificateBaseAttestationStatement;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import com.webauthn4j.server.ServerProperty;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Accounts in memory and the two ceremonies, with the JSON of tools/demo; what is verified, webauthn4j verifies. */
final class RelyingParty {
  private static final Duration CEREMONY_TIME = Duration.ofSeconds(120);
  private static final int MAX_OPEN_CEREMONIES = 1000;
  private static final Map<Integer, String> ALGORITHM_NAMES = Map.of(-7, "ES256", -8, "EdDSA", -35, "ES384", -36, "ES512",
      -47, "ES256K", -48, "ML-DSA-44", -49, "ML-DSA-65", -257, "RS256");
  private static final List<String> REQUIREMENTS = List.of("required", "preferred", "discouraged");
  private static final List<String> CONVEYANCES = List.of("none", "indirect", "direct", "enterprise");

  private record Stored(byte[] id, CredentialRecord record, String algorithm, String aaguid, String format) {}

  private record Account(String name, byte[] userHandle, List<Stored> credentials) {}

  private record Ceremony(String kind, Account account, String verification, List<Integer> algorithms, byte[] challenge, Instant until) {}

  private record Found(Account account, Stored credential) {}

  private final JsonMapper json = JsonMapper.shared();
  private final SecureRandom random = new SecureRandom();
  private final String rpId;
  private final String origin;
  private final Judge judge;
  private final String libraryVersion;
  private final Map<String, Account> accounts = new LinkedHashMap<>();
  private final Map<String, Ceremony> ceremonies = new LinkedHashMap<>();

  RelyingParty(String rpId, String origin, Judge judge, String libraryVersion) {
    this.rpId = rpId;
    this.origin = origin;
    this.judge = judge;
    this.libraryVersion = libraryVersion;
  }

  // --- accounts

  synchronized JsonNode accounts(JsonNode ignored) {
    var list = json.createArrayNode();
    for (var account : accounts.values()) {
      var shown = list.addObject().put("name", account.name).put("userHandle", encoded(account.userHandle));
      var credentials = shown.putArray("credentials");
      for (var each : account.credentials) {
        credentials.addObject().put("id", encoded(each.id)).put("counter", each.record.getCounter()).put("aaguid", each.aaguid)
            .put("algorithm", each.algorithm).put("format", each.format);
      }
    }
    return list;
  }

  synchronized JsonNode removeCredential(JsonNode body) throws Refused {
    var account = accounts.get(text(body, "account"));
    var id = text(body, "credentialId");
    if (account == null || !account.credentials.removeIf(each -> encoded(each.id).equals(id))) {
      throw new Refused("this account has no such credential");
    }
    return json.createObjectNode().put("account", account.name).put("credentials", account.credentials.size());
  }

  // --- registration

  synchronized JsonNode registrationOptions(JsonNode body) throws Refused {
    var name = text(body, "account");
    if (name.isBlank() || name.length() > 64) throw new Refused("an account needs a name of at most 64 characters");
    var account = accounts.get(name);
    if (account == null) account = new Account(name, randomBytes(16), new ArrayList<>());
    var algorithms = new ArrayList<Integer>();
    for (var each : body.path("algorithms").values()) algorithms.add(each.asInt(0));
    if (algorithms.isEmpty() || !ALGORITHM_NAMES.keySet().containsAll(algorithms)) throw new Refused("choose at least one algorithm");
    var verification = oneOf(REQUIREMENTS, body, "userVerification");
    var resident = oneOf(REQUIREMENTS, body, "residentKey");

    var options = json.createObjectNode();
    options.putObject("rp").put("id", rpId).put("name", "fauxkey demo");
    options.putObject("user").put("id", encoded(account.userHandle)).put("name", name).put("displayName", name);
    var challenge = putChallenge(options);
    var parameters = options.putArray("pubKeyCredParams");
    for (var each : algorithms) parameters.addObject().put("type", "public-key").put("alg", each);
    putDescriptors(options.putArray("excludeCredentials"), account);
    options.putObject("authenticatorSelection").put("residentKey", resident).put("requireResidentKey", resident.equals("required"))
        .put("userVerification", verification);
    options.put("attestation", oneOf(CONVEYANCES, body, "attestation"));
    options.putObject("extensions").put("credProps", true);
    return open(new Ceremony("registration", account, verification, algorithms, challenge, deadline()), options);
  }

  synchronized JsonNode verifyRegistration(JsonNode body) throws Refused {
    var ceremony = close(text(body, "ceremony"), "registration");
    var parameters = new RegistrationParameters(
        serverProperty(ceremony),
        ceremony.algorithms.stream()
            .map(each -> new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, COSEAlgorithmIdentifier.create(each)))
            .toList(),
        ceremony.verification.equals("required"));
    com.webauthn4j.data.RegistrationData data;
    try {
      data = judge.manager.verifyRegistrationResponseJSON(json.writeValueAsString(body.path("response")), parameters);
    } catch (RuntimeException error) { // whatever it throws, the response is not taken
      throw Refused.because(error);
    }
    var attestation = data.getAttestationObject();
    var credentialData = attestation.getAuthenticatorData().getAttestedCredentialData();
    if (find(credentialData.getCredentialId()) != null) throw new Refused("this credential is registered already");
    var record = new CredentialRecordImpl(attestation, data.getCollectedClientData(), data.getClientExtensions(), data.getTransports());
    var credential = new Stored(credentialData.getCredentialId(), record,
        ALGORITHM_NAMES.get((int) credentialData.getCOSEKey().getAlgorithm().getValue()), credentialData.getAaguid().toString(),
        attestation.getFormat());
    ceremony.account.credentials.add(credential);
    accounts.put(ceremony.account.name, ceremony.account); // an account begins with its first credential

    var outcome = outcome("registration", ceremony.account, ceremony, credential, attestation.getAuthenticatorData());
    var hasCertificates =
        attestation.getAttestationStatement() instanceof CertificateBaseAttestationStatement statement && statement.getX5c() != null;
    outcome.putObject("attestation").put("format", credential.format).put("trust", judge.trustIn(credential.format, hasCertificates));
    outcome.set("discoverable", body.path("response").path("clientExtensionResults").path("credProps").path("rk"));
    return outcome;
  }

  // --- login

  synchronized JsonNode loginOptions(JsonNode body) throws Refused {
    Account account = null;
    if (body.has("account") && !body.get("account").isNull()) {
      var name = text(body, "account");
      account = accounts.get(name);
      if (account == null) throw new Refused("there is no account “" + name + "” yet: register it first");
    }
    var verification = oneOf(REQUIREMENTS, body, "userVerification");
    var options = json.createObjectNode().put("rpId", rpId);
    var challenge = putChallenge(options);
    if (account != null) putDescriptors(options.putArray("allowCredentials"), account);
    options.put("userVerification", verification);
    return open(new Ceremony("login", account, verification, List.of(), challenge, deadline()), options);
  }

  synchronized JsonNode verifyLogin(JsonNode body) throws Refused {
    var ceremony = close(text(body, "ceremony"), "login");
    var response = body.path("response");
    var found = find(decoded(text(response, "id")));
    if (found == null) throw new Refused("no account has this credential");
    if (ceremony.account != null && ceremony.account != found.account) throw new Refused("this credential is of another account");
    var handle = response.path("response").path("userHandle");
    var userHandle = handle.isString() ? handle.stringValue() : null;
    if (userHandle == null ? ceremony.account == null : !userHandle.equals(encoded(found.account.userHandle))) {
      throw new Refused("the user handle is not that of the account");
    }
    var previous = found.credential.record.getCounter();
    List<byte[]> allowed = ceremony.account == null ? null : ceremony.account.credentials.stream().map(Stored::id).toList();
    var parameters = new AuthenticationParameters(serverProperty(ceremony), found.credential.record, allowed,
        ceremony.verification.equals("required"));
    com.webauthn4j.data.AuthenticationData data;
    try {
      data = judge.manager.verifyAuthenticationResponseJSON(json.writeValueAsString(response), parameters); // the record goes along
    } catch (RuntimeException error) {
      throw Refused.because(error);
    }
    return outcome("login", found.account, ceremony, found.credential, data.getAuthenticatorData())
        .put("previousCounter", previous).put("userHandle", userHandle);
  }

  // --- what both need

  private ServerProperty serverProperty(Ceremony ceremony) {
    return ServerProperty.builder().origin(new Origin(origin)).rpId(rpId).challenge(new DefaultChallenge(ceremony.challenge)).build();
  }

  private JsonNode open(Ceremony ceremony, ObjectNode options) {
    if (ceremonies.size() >= MAX_OPEN_CEREMONIES) ceremonies.remove(ceremonies.keySet().iterator().next());
    var id = UUID.randomUUID().toString();
    ceremonies.put(id, ceremony);
    var answer = json.createObjectNode().put("ceremony", id);
    answer.set("options", options);
    return answer;
  }

  /** A challenge is good for one answer, right or wrong. */
  private Ceremony close(String id, String kind) throws Refused {
    var ceremony = ceremonies.remove(id);
    if (ceremony == null || !ceremony.kind.equals(kind)) throw new Refused("this challenge is not known, or was answered before");
    if (Instant.now().isAfter(ceremony.until)) throw new Refused("this challenge is too old");
    return ceremony;
  }

  private Found find(byte[] credentialId) {
    for (var account : accounts.values()) {
      for (var each : account.credentials) {
        if (Arrays.equals(each.id, credentialId)) return new Found(account, each);
      }
    }
    return null;
  }

  private ObjectNode outcome(String kind, Account account, Ceremony ceremony, Stored credential, AuthenticatorData<?> data) {
    var outcome = json.createObjectNode()
        .put("kind", kind)
        .put("verifiedBy", "webauthn4j " + libraryVersion)
        .put("account", account.name)
        .put("userVerification", ceremony.verification)
        .put("credentialId", encoded(credential.id))
        .put("algorithm", credential.algorithm);
    outcome.putObject("flags").put("UP", data.isFlagUP()).put("UV", data.isFlagUV()).put("BE", data.isFlagBE()).put("BS", data.isFlagBS());
    return outcome.put("counter", data.getSignCount()).put("aaguid", credential.aaguid).put("userHandle", encoded(account.userHandle));
  }

  private byte[] putChallenge(ObjectNode options) {
    var challenge = randomBytes(32);
    options.put("challenge", encoded(challenge)).put("timeout", CEREMONY_TIME.toMillis());
    return challenge;
  }

  private static void putDescriptors(ArrayNode list, Account account) {
    for (var each : account.credentials) list.addObject().put("type", "public-key").put("id", encoded(each.id));
  }

  private byte[] randomBytes(int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static Instant deadline() {
    return Instant.now().plus(CEREMONY_TIME);
  }

  private static String text(JsonNode body, String member) {
    return body.path(member).stringValue("");
  }

  private static String oneOf(List<String> choices, JsonNode body, String member) throws Refused {
    var value = text(body, member);
    if (!choices.contains(value)) throw new Refused(member + " must be one of " + String.join(", ", choices));
    return value;
  }

  private static String encoded(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] decoded(String text) {
    try {
      return Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException error) {
      return new byte[0];
    }
  }
}
