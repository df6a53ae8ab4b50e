// Writes the JSON Schema of Strimzi's KafkaTopic and KafkaUser, as closed as Strimzi's own CRDs in strict validation, from
// the classes that those CRDs are generated from: the CRDs themselves are in no package that a linter could install. It is
// run when Strimzi's version in strimzi-pom.xml changes; what it writes is committed.
//
//   mvn -q -f scripts/validate.d/strimzi-pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/target/strimzi"
//   java -cp 'target/strimzi/*' scripts/validate.d/StrimziSchema.java > deploy/kubernetes/schemas/strimzi.json

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import io.strimzi.api.kafka.model.topic.KafkaTopicSpec;
import io.strimzi.api.kafka.model.user.KafkaUserSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

public class StrimziSchema {
    static final String VERSION = "v1";
    // What Strimzi says by annotations whose classes are in no package (`javap -v` shows them).
    static final Set<String> GONE = Set.of("AclRule.operation");
    static final Set<String> REQUIRED = Set.of("AclRule.operations");
    static final Set<String> MINIMUM_1 = Set.of("KafkaTopicSpec.partitions", "KafkaTopicSpec.replicas");
    static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public static void main(String[] arguments) throws Exception {
        List<Object> kinds = List.of(kind("KafkaTopic", KafkaTopicSpec.class), kind("KafkaUser", KafkaUserSpec.class));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("$comment", "Written by scripts/validate.d/StrimziSchema.java.");
        schema.put("oneOf", kinds);
        System.out.println(JSON.writeValueAsString(schema));
    }

    static Map<String, Object> kind(String name, Class<?> spec) throws Exception {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("apiVersion", Map.of("const", "kafka.strimzi.io/" + VERSION));
        properties.put("kind", Map.of("const", name));
        properties.put("metadata", new TreeMap<>(Map.of("type", "object", "required", List.of("name", "labels"))));
        properties.put("spec", of(JSON.constructType(spec)));
        return closed(properties, List.of("apiVersion", "kind", "metadata", "spec"));
    }

    static Map<String, Object> closed(Map<String, Object> properties, List<String> required) {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        if (!required.isEmpty()) schema.put("required", required);
        schema.put("additionalProperties", false);
        return schema;
    }

    static Map<String, Object> of(JavaType type) throws Exception {
        Class<?> raw = type.getRawClass();
        if (raw == String.class) return simple("string");
        if (raw == boolean.class || raw == Boolean.class) return simple("boolean");
        if (raw == int.class || raw == Integer.class || raw == long.class || raw == Long.class) return simple("integer");
        if (raw == double.class || raw == Double.class) return simple("number");
        if (raw.isEnum()) {
            List<Object> values = new ArrayList<>();
            for (Object constant : raw.getEnumConstants()) values.add(JSON.convertValue(constant, String.class));
            return new LinkedHashMap<>(Map.of("enum", values));
        }
        if (type.isMapLikeType()) return simple("object");
        if (type.isCollectionLikeType()) {
            Map<String, Object> schema = simple("array");
            schema.put("items", of(type.getContentType()));
            return schema;
        }
        JsonSubTypes subtypes = raw.getAnnotation(JsonSubTypes.class);
        if (subtypes == null) return object(type, null);
        List<Object> choices = new ArrayList<>();
        for (JsonSubTypes.Type choice : subtypes.value()) {
            choices.add(object(JSON.constructType(choice.value()), choice.name()));
        }
        return new LinkedHashMap<>(Map.of("oneOf", choices));
    }

    static Map<String, Object> simple(String name) {
        return new LinkedHashMap<>(Map.of("type", name));
    }

    static Map<String, Object> object(JavaType type, String discriminator) throws Exception {
        Map<String, Object> properties = new TreeMap<>();
        List<String> required = new ArrayList<>();
        if (discriminator != null) {
            properties.put("type", Map.of("const", discriminator));
            required.add("type");
        }
        var bean = JSON.getSerializationConfig().introspect(type);
        for (BeanPropertyDefinition property : bean.findProperties()) {
            String name = property.getName();
            if (properties.containsKey(name) || name.equals("additionalProperties") || property.getGetter() == null) continue;
            String place = type.getRawClass().getSimpleName() + "." + name;
            if (GONE.contains(place)) continue;
            Map<String, Object> schema = of(property.getGetter().getType());
            if (MINIMUM_1.contains(place)) schema.put("minimum", 1);
            properties.put(name, schema);
            if (property.isRequired() || REQUIRED.contains(place)) required.add(name);
        }
        return closed(properties, required);
    }
}
