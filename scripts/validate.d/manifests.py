"""Judges built Kubernetes manifests.

    kubectl kustomize FOLDER | manifests.py NAME

Kubernetes' own kinds: kubernetes-validate, strictly. Strimzi's: deploy/kubernetes/schemas/strimzi.json. KEDA's and the
Prometheus operator's are validate.mjs's. A kind that nobody knows is a failure here: kubernetes-validate only warns.
Then what no schema says: that every pod satisfies the restricted pod security standard, and that selectors meet labels.
"""

import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.34"
ELSEWHERE = ("keda.sh/", "monitoring.coreos.com/")
schemas = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes/schemas"
strimzi = {one["properties"]["kind"]["const"]: jsonschema.Draft202012Validator(one)
           for one in json.loads((schemas / "strimzi.json").read_text())["oneOf"]}


def complaints(resource):
    version = resource["apiVersion"]
    if version.startswith(ELSEWHERE):
        return
    if version.startswith("kafka.strimzi.io/"):
        if resource["kind"] not in strimzi:
            yield f"no schema knows {version} {resource['kind']}"
            return
        for error in strimzi[resource["kind"]].iter_errors(resource):
            yield f"{'.'.join(map(str, error.path))}: {error.message}"
        return
    try:
        kubernetes_validate.validate(resource, KUBERNETES, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        yield f"no schema knows {version} {resource['kind']}"
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(map(str, error.path))}: {error.message}"
    if resource["kind"] == "StatefulSet":
        yield from insecurities(resource["spec"]["template"]["spec"])


def insecurities(pod):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, restricted, without what schemas rule out."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield f"{key} is not allowed by the restricted pod security standard"
    for volume in pod.get("volumes", []):
        if not {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
                "secret"} & volume.keys():
            yield f"volume {volume['name']} is of a kind that the restricted standard refuses"
    for container in pod.get("initContainers", []) + pod["containers"]:
        own = container.get("securityContext", {})
        both = pod.get("securityContext", {}) | own
        wanted = {
            "runAsNonRoot": both.get("runAsNonRoot") is True,
            "runAsUser": both.get("runAsUser") != 0,
            "seccompProfile": both.get("seccompProfile", {}).get("type") in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
            "capabilities": own.get("capabilities", {}).get("drop") == ["ALL"] and not own["capabilities"].get("add"),
            "privileged": not own.get("privileged"),
            "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem") is True,  # the house's own
        }
        for key, holds in wanted.items():
            if not holds:
                yield f"container {container['name']}: {key} is not as the restricted standard (and the house) wants it"


def astray(resources):
    """Selectors that choose none of our pods."""
    pods = [r["spec"]["template"] for r in resources if r["kind"] == "StatefulSet"]
    for resource in resources:
        spec = resource.get("spec", {})
        chosen = spec.get("podSelector", spec.get("selector")) or {}
        chosen = chosen.get("matchLabels", chosen if resource["kind"] == "Service" else {})
        if resource["kind"] in ("Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
            if not chosen or not any(chosen.items() <= pod["metadata"]["labels"].items() for pod in pods):
                yield f"{resource['kind']} {resource['metadata']['name']}: its selector chooses no pod of ours"


def main():
    name = sys.argv[1]
    resources = [resource for resource in yaml.safe_load_all(sys.stdin) if resource]
    found = [f"{r['kind']} {r['metadata']['name']}: {text}" for r in resources for text in complaints(r)]
    found += astray(resources)
    for text in found:
        print(f"{name}: {text}", file=sys.stderr)
    if found or not resources:
        sys.exit(f"{name}: {len(found)} complaints about {len(resources)} resources")
    print(f"    {name}: {len(resources)} resources, sound", file=sys.stderr)


main()
