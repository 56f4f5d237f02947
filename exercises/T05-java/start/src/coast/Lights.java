package coast;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The list of lights: a resource, which lies beside the classes. */
final class Lights {
    private Lights() {}

    static List<String> all() throws IOException {
        try (InputStream list = Lights.class.getResourceAsStream("/lights.csv")) {
            return list == null ? List.of() : new String(list.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }
}
