import java.util.EnumSet;
import javax.servlet.DispatcherType;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.DefaultServlet;
import org.eclipse.jetty.servlet.ServletContextHandler;

/**
 * Solr's own listener and filter on a Jetty, as its distribution puts them, without its scripts and pages.
 *
 * <p>Arguments: address to listen on, port, Solr's home folder. Java compiles this file when it starts it.
 */
public final class SolrServer {

  /** CKAN puts a search's filters into the address, which outgrows Jetty's default. */
  private static final int HEADER_BYTES = 64 * 1024;

  private SolrServer() {}

  public static void main(String[] arguments) throws Exception {
    String home = arguments[2];
    System.setProperty("solr.solr.home", home);
    System.setProperty("solr.log.dir", home);

    Server server = new Server();
    HttpConfiguration limits = new HttpConfiguration();
    limits.setRequestHeaderSize(HEADER_BYTES);
    limits.setSendServerVersion(false);
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(limits));
    connector.setHost(arguments[0]);
    connector.setPort(Integer.parseInt(arguments[1]));
    server.addConnector(connector);

    ServletContextHandler solr = new ServletContextHandler(server, "/solr");
    solr.setResourceBase(home);
    solr.addEventListener(new CoreContainerProvider());
    solr.addFilter(SolrDispatchFilter.class, "/*", EnumSet.of(DispatcherType.REQUEST));
    solr.addServlet(DefaultServlet.class, "/");

    server.setStopAtShutdown(true);
    server.start();
    server.join();
  }
}
