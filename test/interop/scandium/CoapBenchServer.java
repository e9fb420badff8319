// A californium-core server on Scandium with one resource, `benchmark`, as Californium's own load tests have it.
import java.util.Arrays;
import org.eclipse.californium.core.CoapResource;
import org.eclipse.californium.core.CoapServer;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MediaTypeRegistry;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.eclipse.californium.core.server.resources.CoapExchange;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.config.UdpConfig;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;

public final class CoapBenchServer {
  private static final byte[] PAYLOAD = new byte[40];

  public static void main(String[] args) throws Exception {
    PeerFlags flags = new PeerFlags(args);
    CoapConfig.register();
    UdpConfig.register();
    Arrays.fill(PAYLOAD, (byte) '*');
    DTLSConnector connector = new DTLSConnector(
        flags.dtls(DtlsRole.SERVER_ONLY).setAddress(PeerFlags.address("127.0.0.1:0")).build());
    CoapEndpoint endpoint = CoapEndpoint.builder().setConfiguration(new Configuration()).setConnector(connector).build();
    CoapServer server = new CoapServer(new Configuration());
    server.addEndpoint(endpoint);
    server.add(new CoapResource("benchmark") {
      @Override
      public void handleGET(CoapExchange exchange) {
        exchange.respond(ResponseCode.CONTENT, PAYLOAD, MediaTypeRegistry.TEXT_PLAIN);
      }
    });
    server.start();
    System.out.println("ready " + connector.getAddress().getPort());
    System.in.read();
    server.destroy();
  }
}
