import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.anchor.KeyStoreTrustAnchorRepository;
import com.webauthn4j.anchor.TrustAnchorRepository;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.metadata.FidoMDS3MetadataBLOBProvider;
import com.webauthn4j.metadata.anchor.AggregatingTrustAnchorRepository;
import com.webauthn4j.metadata.anchor.MetadataBLOBBasedTrustAnchorRepository;
import com.webauthn4j.verifier.attestation.statement.AttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.androidkey.AndroidKeyAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.apple.AppleAnonymousAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.none.NoneAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.packed.PackedAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.tpm.TPMAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.u2f.FIDOU2FAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.CertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.DefaultCertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.NullCertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.self.DefaultSelfAttestationTrustworthinessVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** webauthn4j as its documentation sets it up for those who verify attestations: strict verifiers of every format. */
final class Judge {
  final ObjectConverter converter = new ObjectConverter();
  final WebAuthnManager manager;
  private final boolean hasRoot;
  private final boolean hasMetadata;

  /**
   * @param root certificates (PEM) that attestation certificates must lead to, or null
   * @param metadataUrl where a metadata BLOB is, or null
   * @param metadataRoot the certificate (PEM) that the BLOB's signer is certified by
   * @param requiresTrust takes neither “none” nor self attestation
   */
  Judge(Path root, String metadataUrl, Path metadataRoot, boolean requiresTrust) throws IOException, GeneralSecurityException {
    hasRoot = root != null;
    hasMetadata = metadataUrl != null;
    var anchors = new ArrayList<TrustAnchorRepository>();
    if (hasRoot) anchors.add(new KeyStoreTrustAnchorRepository(keyStoreOf(root)));
    if (hasMetadata) {
      var provider = new FidoMDS3MetadataBLOBProvider(converter, metadataUrl, certificatesIn(metadataRoot).get(0));
      provider.setRevocationCheckEnabled(false); // a test's certificates have no revocation list
      var models = new MetadataBLOBBasedTrustAnchorRepository(provider);
      models.setNotFidoCertifiedAllowed(true); // nobody certified them
      anchors.add(models);
    }
    CertPathTrustworthinessVerifier paths = anchors.isEmpty()
        ? new NullCertPathTrustworthinessVerifier()
        : new DefaultCertPathTrustworthinessVerifier(
            new AggregatingTrustAnchorRepository(anchors.toArray(TrustAnchorRepository[]::new)));
    var formats = new ArrayList<AttestationStatementVerifier>(List.of(
        new PackedAttestationStatementVerifier(),
        new FIDOU2FAttestationStatementVerifier(),
        new TPMAttestationStatementVerifier(),
        new AndroidKeyAttestationStatementVerifier(),
        new AppleAnonymousAttestationStatementVerifier()));
    if (!requiresTrust) formats.add(new NoneAttestationStatementVerifier());
    var self = new DefaultSelfAttestationTrustworthinessVerifier(!requiresTrust);
    manager = new WebAuthnManager(formats, paths, self, converter);
  }

  /** In the words of tools/demo. */
  String trustIn(String format, boolean hasCertificates) {
    if (format.equals("none")) return "none";
    if (!hasCertificates) return "signed by the credential itself";
    if (hasMetadata) return "certificate chain leads to a root of the metadata";
    return hasRoot ? "certificate chain leads to the given root" : "certificate signature only, no root given";
  }

  private static List<X509Certificate> certificatesIn(Path pem) throws IOException, GeneralSecurityException {
    try (var file = Files.newInputStream(pem)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(file).stream().map(X509Certificate.class::cast).toList();
    }
  }

  private static KeyStore keyStoreOf(Path pem) throws IOException, GeneralSecurityException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (var certificate : certificatesIn(pem)) store.setCertificateEntry("root" + store.size(), certificate);
    return store;
  }
}
