package coast;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tells over HTTP which lights burn along the coast. It needs nothing but the HTTP server that Java brings along. */
public final class Main {
    private static final String TITLE = "Lights of the coast";

    public static void main(String[] arguments) throws IOException {
        List<String> lights = Lights.all();
        if (lights.isEmpty()) {
            System.err.println("there is no list of lights: lights.csv must lie beside the classes, in the jar");
            System.exit(1);
        }
        String page = TITLE + "\n" + String.join("\n", lights) + "\n";
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> answer(exchange, page));
        server.start();
        System.out.println("listening on port 8080");
    }

    private static void answer(HttpExchange exchange, String page) throws IOException {
        byte[] body = page.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(200, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
