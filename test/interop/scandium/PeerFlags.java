// The flags `name=value` of our programs around Scandium, and the DTLS settings made from them.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.eclipse.californium.elements.auth.RawPublicKeyIdentity;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.SslContextUtil;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.ExtendedMasterSecretMode;
import org.eclipse.californium.scandium.dtls.pskstore.AdvancedSinglePskStore;
import org.eclipse.californium.scandium.dtls.x509.NewAdvancedCertificateVerifier;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.eclipse.californium.scandium.dtls.x509.StaticNewAdvancedCertificateVerifier;

final class PeerFlags {
  private final Map<String, String> values = new HashMap<>();

  PeerFlags(String[] args) {
    for (String arg : args) {
      int at = arg.indexOf('=');
      values.put(arg.substring(0, at), arg.substring(at + 1));
    }
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  String text(String name) {
    return values.get(name);
  }

  int number(String name) {
    return Integer.parseInt(values.get(name));
  }

  byte[] hex(String name) {
    return HexFormat.of().parseHex(values.get(name));
  }

  /** `host:port`; the host may be an IPv6 address in brackets. */
  static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, colon).replaceAll("[\\[\\]]", "");
    return new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
  }

  /**
   * PSK by `identity` and `key`, certificates by `trust` and `credentials`, raw keys with `raw` and `raw-trust`; `client-auth`,
   * `suite`, `curves`, `cid` bytes that begin with `node`, `ems`, `deprecated-cid`.
   */
  DtlsConnectorConfig.Builder dtls(DtlsConfig.DtlsRole role) throws IOException, GeneralSecurityException {
    DtlsConfig.register();
    Configuration configuration = new Configuration();
    configuration.set(DtlsConfig.DTLS_ROLE, role);
    configuration.set(DtlsConfig.DTLS_RECOMMENDED_CIPHER_SUITES_ONLY, false);
    configuration.set(DtlsConfig.DTLS_VERIFY_SERVER_CERTIFICATES_SUBJECT, false);
    configuration.set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE,
        CertificateAuthenticationMode.valueOf(has("client-auth") ? text("client-auth") : "NONE"));
    configuration.set(DtlsConfig.DTLS_RECEIVE_BUFFER_SIZE, 1_000_000);
    if (has("cid")) configuration.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, number("cid"));
    if (has("node")) configuration.set(DtlsConfig.DTLS_CONNECTION_ID_NODE_ID, number("node"));
    if (has("deprecated-cid")) configuration.set(DtlsConfig.DTLS_USE_DEPRECATED_CID, number("deprecated-cid"));
    if (has("ems"))
      configuration.set(DtlsConfig.DTLS_EXTENDED_MASTER_SECRET_MODE, ExtendedMasterSecretMode.valueOf(text("ems")));
    DtlsConnectorConfig.Builder builder = DtlsConnectorConfig.builder(configuration);
    if (has("suite")) builder.setAsListFromText(DtlsConfig.DTLS_CIPHER_SUITES, text("suite"));
    if (has("curves")) builder.setAsListFromText(DtlsConfig.DTLS_CURVES, text("curves"));
    if (has("identity")) builder.setAdvancedPskStore(new AdvancedSinglePskStore(text("identity"), hex("key")));
    if (has("trust") || has("raw-trust")) builder.setAdvancedCertificateVerifier(trust());
    if (has("credentials")) builder.setCertificateIdentityProvider(own());
    return builder;
  }

  private NewAdvancedCertificateVerifier trust() throws IOException, GeneralSecurityException {
    StaticNewAdvancedCertificateVerifier.Builder verifier = StaticNewAdvancedCertificateVerifier.builder();
    if (has("trust"))
      verifier.setTrustedCertificates(SslContextUtil.loadTrustedCertificates("file://" + text("trust")));
    if (has("raw-trust")) verifier.setTrustedRPKs(new RawPublicKeyIdentity(hex("raw-trust"), "EC"));
    return verifier.build();
  }

  private SingleCertificateProvider own() throws IOException, GeneralSecurityException {
    SslContextUtil.Credentials own = SslContextUtil.loadCredentials("file://" + text("credentials"));
    if (has("raw")) return new SingleCertificateProvider(own.getPrivateKey(), own.getPublicKey());
    return new SingleCertificateProvider(own.getPrivateKey(), own.getCertificateChain(), CertificateType.X_509);
  }
}
