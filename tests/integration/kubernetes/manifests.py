"""tests/integration/kubernetes/manifests.py - the chart and its manifests (docs/kubernetes.md): rendering, structure, references
between the objects, and what the daemon's image and configuration have.

usage: manifests.py ROOT [FOLDER]

FOLDER: cache of Go. The structure is a list of our own, of the API's fields that the chart uses (core/v1, apps/v1,
rbac.authorization.k8s.io/v1), with their types: an unknown field is a fault, as `kubectl apply --validate=strict` has it. Each
check is tried with a planted fault. What is not installed is counted, not passed over.
"""
import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("python3-yaml is not installed")
    sys.exit(77)

ROOT = os.path.abspath(sys.argv[1])
KUBERNETES = ROOT + "/packaging/kubernetes"
sys.path.insert(0, KUBERNETES)
import render  # noqa: E402

wrong, checks, skipped = [], 0, []


def check(what, holds, details=""):
    global checks
    checks += 1
    if not holds:
        wrong.append(what)
        print("FAIL %s %s" % (what, details))


# ------------------------------------------------------------ structure

def one_of(*words):
    return lambda value: value in words


def number(low, high):
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def matches(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


LABEL = r"[a-z0-9A-Z]([a-z0-9A-Z._-]{0,61}[a-z0-9A-Z])?"
NAME = matches(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
TEXT = matches(r"(?s).*")
PATH = matches(r"/[^:\0]*")
FLAG = one_of(True, False)
QUANTITY = matches(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?")
LABELS = {"*": ({"key": r"([a-z0-9.-]{1,253}/)?" + LABEL}, matches("(%s)?" % LABEL))}
ANNOTATIONS = {"*": ({"key": r"([a-z0-9.-]{1,253}/)?" + LABEL}, TEXT)}
METADATA = {"!name": NAME, "!namespace": NAME, "labels": LABELS, "annotations": ANNOTATIONS}
HTTP = {"host": TEXT, "!port": number(1, 65535), "!path": PATH}
PROBE = {"!httpGet": HTTP, "periodSeconds": number(1, 3600), "failureThreshold": number(1, 1000)}
CONTAINER = {
    "!name": NAME, "!image": matches(r"[a-z0-9./_-]+(:[0-9]+/[a-z0-9./_-]+)?:[\w][\w.-]{0,127}(@sha256:[0-9a-f]{64})?"),
    "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"), "args": [TEXT],
    "envFrom": [{"!configMapRef": {"!name": NAME}}],
    "securityContext": {"readOnlyRootFilesystem": FLAG, "allowPrivilegeEscalation": FLAG, "privileged": FLAG,
                        "capabilities": {"drop": [one_of("ALL")]}},
    "resources": {"requests": {"*": ({"key": r"[a-z0-9./-]+"}, QUANTITY)}, "limits": {"*": ({"key": r"[a-z0-9./-]+"}, QUANTITY)}},
    "startupProbe": PROBE, "livenessProbe": PROBE, "readinessProbe": PROBE,
    "volumeMounts": [{"!name": NAME, "!mountPath": PATH, "readOnly": FLAG}],
}
POD = {
    "serviceAccountName": NAME, "automountServiceAccountToken": FLAG, "nodeSelector": LABELS,
    "tolerations": [{"key": TEXT, "operator": one_of("Exists", "Equal"), "value": TEXT,
                     "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute")}],
    "priorityClassName": NAME, "imagePullSecrets": [{"!name": NAME}], "hostNetwork": FLAG,
    "dnsPolicy": one_of("ClusterFirstWithHostNet"), "enableServiceLinks": FLAG,
    "terminationGracePeriodSeconds": number(0, 3600),
    "securityContext": {"runAsNonRoot": FLAG, "runAsUser": number(1, 2**31), "runAsGroup": number(1, 2**31),
                        "supplementalGroups": [number(1, 2**31)], "seccompProfile": {"!type": one_of("RuntimeDefault")}},
    "!containers": [CONTAINER],
    "volumes": [{"!name": NAME, "hostPath": {"!path": PATH, "!type": one_of("Directory", "CharDevice", "Socket")},
                 "emptyDir": {"medium": one_of("Memory"), "sizeLimit": QUANTITY}}],
}
KINDS = {
    ("v1", "ServiceAccount"): {"automountServiceAccountToken": FLAG},
    ("v1", "ConfigMap"): {"data": {"*": ({"key": r"[-._a-zA-Z0-9]+"}, TEXT)}},
    ("apps/v1", "DaemonSet"): {"!spec": {
        "!selector": {"!matchLabels": LABELS}, "minReadySeconds": number(0, 3600),
        "updateStrategy": {"!type": one_of("RollingUpdate"), "rollingUpdate": {"maxUnavailable": number(1, 1000)}},
        "!template": {"!metadata": {"labels": LABELS, "annotations": ANNOTATIONS}, "!spec": POD}}},
    ("rbac.authorization.k8s.io/v1", "Role"): {"!rules": [
        {"!apiGroups": [TEXT], "!resources": [matches("[a-z]+(/[a-z]+)?")],
         "!verbs": [one_of("get", "list", "watch", "create")]}]},
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): {
        "!roleRef": {"!apiGroup": one_of("rbac.authorization.k8s.io"), "!kind": one_of("Role"), "!name": NAME},
        "!subjects": [{"!apiGroup": one_of("rbac.authorization.k8s.io"), "!kind": one_of("Group", "User"), "!name": TEXT}]},
}


def faults_of(value, shape, where):
    if callable(shape):
        return [] if shape(value) else ["%s: %r" % (where, value)]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return ["%s: expected a list" % where]
        return [fault for i, item in enumerate(value) for fault in faults_of(item, shape[0], "%s[%d]" % (where, i))]
    if not isinstance(value, dict):
        return ["%s: expected a mapping" % where]
    if "*" in shape:
        rule, inner = shape["*"]
        return [fault for key, item in value.items() for fault in
                ([] if re.fullmatch(rule["key"], str(key)) else ["%s: key %r" % (where, key)]) +
                faults_of(item, inner, "%s.%s" % (where, key))]
    known = {name.lstrip("!"): inner for name, inner in shape.items()}
    faults = ["%s: unknown field %s" % (where, key) for key in value if key not in known]
    faults += ["%s: no %s" % (where, name[1:]) for name in shape if name[0] == "!" and name[1:] not in value]
    return faults + [fault for key, item in value.items() if key in known
                     for fault in faults_of(item, known[key], "%s.%s" % (where, key))]


# ------------------------------------------------------------ references and rules

def pod_faults(pod):
    """What belongs together in the pod."""
    faults, container = [], pod["containers"][0]
    volumes = {one["name"]: one for one in pod.get("volumes", [])}
    mounts = {one["name"]: one for one in container.get("volumeMounts", [])}
    if len(volumes) != len(pod.get("volumes", [])) or set(volumes) != set(mounts):
        faults.append("volumes %s, mounts %s" % (sorted(volumes), sorted(mounts)))
    places = [one["mountPath"] for one in container.get("volumeMounts", [])]
    if len(set(places)) != len(places):
        faults.append("two mounts at one place")
    faults += ["volume %s has not exactly one source" % name for name, one in volumes.items() if len(one) != 2]
    if not mounts.get("config", {}).get("readOnly"):
        faults.append("the configuration can be written")
    security, inner = pod.get("securityContext", {}), container.get("securityContext", {})
    if not security.get("runAsNonRoot") or not inner.get("readOnlyRootFilesystem"):
        faults.append("root, or a root that can be written")
    if not inner.get("privileged") and (inner.get("allowPrivilegeEscalation") is not False or
                                        inner.get("capabilities") != {"drop": ["ALL"]}):
        faults.append("privileges that no member needs")
    if pod.get("automountServiceAccountToken") is not False:
        faults.append("a token of the cluster in the pod")
    for name, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        if container.get(name, {}).get("httpGet", {}).get("path") != path:
            faults.append("%s is not %s" % (name, path))
    return faults


def set_faults(documents):
    """What belongs together across the objects."""
    faults, named = [], {}
    for one in documents:
        key = one["kind"], one["metadata"]["name"]
        if key in named:
            faults.append("%s %s twice" % key)
        named[key] = one
    if len({one["metadata"]["namespace"] for one in documents}) != 1:
        faults.append("several namespaces")
    daemon = next(one for one in documents if one["kind"] == "DaemonSet")
    template, pod = daemon["spec"]["template"], daemon["spec"]["template"]["spec"]
    wanted = daemon["spec"]["selector"]["matchLabels"]
    if not wanted or any(template["metadata"].get("labels", {}).get(key) != value for key, value in wanted.items()):
        faults.append("the selector does not select the pods")
    if ("ServiceAccount", pod.get("serviceAccountName")) not in named:
        faults.append("no such service account")
    container = pod["containers"][0]
    maps = [named.get(("ConfigMap", one["configMapRef"]["name"])) for one in container.get("envFrom", [])]
    if not maps or None in maps:
        return faults + ["no such config map"]
    settings = maps[0]["data"]
    ports = {container[name]["httpGet"]["port"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    hosts = {container[name]["httpGet"].get("host") for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    if {settings.get("ASSAY_LISTEN__HTTP")} != {"%s:%d" % (host, port) for host in hosts for port in ports}:
        faults.append("probes of %s %s, HTTP listens at %s" % (hosts, ports, settings.get("ASSAY_LISTEN__HTTP")))
    for one in documents:
        if one["kind"] == "RoleBinding" and ("Role", one["roleRef"]["name"]) not in named:
            faults.append("no such role")
        if one["kind"] == "RoleBinding" and any(who["kind"] == "ServiceAccount" for who in one["subjects"]):
            faults.append("a role is bound to the members")
    return faults + pod_faults(pod)


def settings_faults(settings):
    """Variables are keys of assayd.yaml, as docs/configuration.md lists them."""
    with open(ROOT + "/docs/configuration.md", encoding="utf-8") as file:
        keys = set(re.findall(r"^\| `([a-z_.\[\]]+)`", file.read(), re.M))
    found = []
    for name in settings:
        key = name[len("ASSAY_"):].lower().replace("__", ".") if name.startswith("ASSAY_") else ""
        if key.lstrip(".") not in keys:
            found.append("%s is no setting of assayd" % name)
    return found


def faults_in(text):
    try:
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
    except yaml.YAMLError as error:
        return ["no YAML: %s" % error]
    faults = []
    for one in documents:
        key = (one.get("apiVersion"), one.get("kind"))
        if key not in KINDS:
            faults.append("unknown kind %s %s" % key)
            continue
        shape = dict(KINDS[key], **{"!apiVersion": TEXT, "!kind": TEXT, "!metadata": METADATA})
        faults += faults_of(one, shape, one["kind"])
    if faults:
        return faults
    faults = set_faults(documents)
    maps = [one for one in documents if one["kind"] == "ConfigMap"]
    return faults + settings_faults(maps[0]["data"])


# ------------------------------------------------------------ tests

MANIFEST_FAULTS = (  # of manifests/assay.yaml
    ("kind: DaemonSet", "kind: Daemonset"), ("apiVersion: apps/v1", "apiVersion: apps/v1beta1"),
    ("hostNetwork: true", "hostNetworks: true"), ("maxUnavailable: 1", "maxUnavailable: none"), ("periodSeconds: 5", "periodSeconds: '5'"),
    ("name: config, mountPath", "name: configs, mountPath"), ("mountPath: /tmp", "mountPath: /run/assay"),
    ("mountPath: /etc/assay, readOnly: true", "mountPath: /etc/assay"), ("runAsNonRoot: true", "runAsNonRoot: false"),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), ("drop: [ALL]", "drop: []"),
    ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"), ("runAsUser: 64007", "runAsUser: 0"),
    ("enableServiceLinks: false\n", "enableServiceLinks: false\n      automountServiceAccountToken: true\n"),
    ("serviceAccountName: assay", "serviceAccountName: other"), ("configMapRef: {name: assay-settings", "configMapRef: {name: assay"),
    ('ASSAY_LISTEN__HTTP: "127.0.0.1:9744"', 'ASSAY_LISTEN__HTTP: "127.0.0.1:9745"'),
    ('ASSAY_LISTEN__ADMIN', 'ASSAY_LISTEN__ADMINS'), ("path: /readyz", "path: /livez"), ("medium: Memory", "medium: memory"),
    ("matchLabels: {app.kubernetes.io/name: assay,", "matchLabels: {app.kubernetes.io/name: other,"), ("verbs: [create]", "verbs: ['*']"),
    ('path: "/var/lib/assay", type: Directory', 'path: "var/lib/assay", type: Directory'), ("      volumes:", "     volumes:"),
    ("sizeLimit: 64Mi", "sizeLimit: 64MiB"), ("kind: ServiceAccount\n", "kind: ServiceAccount\nrules: []\n"),
)
VALUES_FAULTS = (  # values that a rendering must refuse, or make a manifest that is refused
    {"httpPort": 0}, {"httpPort": 70000}, {"user": 0}, {"image": {"tag": ""}}, {"settings": {"ASSAY_LISTEN__HTTP": "0.0.0.0:80"}},
    {"settings": {"ASSAY_NO__KEY": "1"}}, {"evidence": {"devices": [{"path": "dev/tpm0", "type": "CharDevice"}]}},
    {"evidence": {"devices": [{"path": "/dev/tpm0", "type": "Device"}]}}, {"evidence": {"devices": [{"path": "/tmp", "type": "Directory"}]}},
    {"operators": [{"kind": "ServiceAccount", "name": "assay"}]}, {"tolerations": "all"}, {"evidence": None},
)
OTHER = {
    "image": {"repository": "registry.example:5000/assay", "tag": "0.1.0", "pullSecrets": [{"name": "registry"}]},
    "priorityClassName": "system-node-critical", "supplementalGroups": [110], "httpPort": 9000,
    "evidence": {"privileged": True, "devices": [{"path": "/dev/tpmrm0", "type": "CharDevice"},
                                                 {"path": "/sys/kernel/config/tsm/report", "type": "Directory"}]},
    "settings": {"ASSAY_LOG__LEVEL": "debug"}, "resources": {"limits": {"assay.example/tpm": "1"}},
    "operators": [{"kind": "Group", "name": "assay: operators"}, {"kind": "User", "name": "ann@example.org"}],
}


def rendered(other, **names):
    values = render.merge(render.values_of([]), copy.deepcopy(other))
    return render.render(values, **names)


def test_rendering():
    if shutil.which("go") is None:
        skipped.append("go")
        return
    os.environ.setdefault("GOCACHE", os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else tempfile.mkdtemp())
    with open(KUBERNETES + "/manifests/assay.yaml", encoding="utf-8") as file:
        check("manifests/assay.yaml is the chart with its defaults", file.read() == rendered({}))
    text = rendered(OTHER, release="mesh", namespace="tees")
    check("other values make good manifests", not faults_in(text), faults_in(text))
    documents = {one["kind"]: one for one in yaml.safe_load_all(text) if one}
    pod = documents["DaemonSet"]["spec"]["template"]["spec"]
    check("its names are those of the release", documents["RoleBinding"]["metadata"] == {
        "name": "mesh-operator", "namespace": "tees",
        "labels": {"app.kubernetes.io/name": "assay", "app.kubernetes.io/instance": "mesh"}}, documents["RoleBinding"]["metadata"])
    check("devices are mounted", [one["mountPath"] for one in pod["containers"][0]["volumeMounts"]][-2:] ==
          ["/dev/tpmrm0", "/sys/kernel/config/tsm/report"])
    check("settings are merged", documents["ConfigMap"]["data"]["ASSAY_LOG__LEVEL"] == "debug" and
          documents["ConfigMap"]["data"]["ASSAY_LOG__FORMAT"] == "json")
    check("HTTP is probed where it listens", pod["containers"][0]["livenessProbe"]["httpGet"]["port"] == 9000)
    check("operators are bound", [one["name"] for one in documents["RoleBinding"]["subjects"]] ==
          ["assay: operators", "ann@example.org"])
    for other in VALUES_FAULTS:
        try:
            refused = bool(faults_in(rendered(other)))
        except subprocess.CalledProcessError:
            refused = True
        check("these values are refused: %s" % other, refused)
    # The templates stay in the subset that render.go and Helm have in common.
    for name in sorted(os.listdir(KUBERNETES + "/chart/templates")):
        with open(KUBERNETES + "/chart/templates/" + name, encoding="utf-8") as file:
            actions = re.findall(r"{{-?\s*(.*?)\s*-?}}", file.read())
        value = r"(\.Values(\.\w+)+|\.Release\.(Name|Namespace)|\$\w+(\.\w+)*|\.\w+)"
        allowed = r"(if %s|else|end|range (\$\w+, \$\w+ := )?%s|%s( \| (toJson|sha256sum))*)" % (value, value, value)
        check("%s uses the common subset" % name, all(re.fullmatch(allowed, one) for one in actions),
              [one for one in actions if not re.fullmatch(allowed, one)])


FILE_FAULTS = (  # file of values, text of the refusal
    (None, "No such file"), ("image: [", "expected YAML"), ("- image", "expected a mapping"),
    ("imagge: {tag: 0.1.0}", "imagge: unknown value, expected one of image, "), ("image: {tga: 0.1.0}", "image.tga: unknown value"),
    ("paths: /etc", "paths: expected a section with config, "),
)


def test_files():
    """What `render.py FILE` prints of files that are none, or have values that no template uses."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/values.yaml"
        for content, text in FILE_FAULTS:
            if content is not None:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(content)
            result = subprocess.run([sys.executable, KUBERNETES + "/render.py", path], capture_output=True, text=True, check=False)
            check("%r is refused" % content, result.returncode == 1 and "render.py: " + path in result.stderr and
                  text in result.stderr and "Traceback" not in result.stderr, result.stderr)
        with open(path, "w", encoding="utf-8") as file:
            file.write("nodeSelector: {rack: a}\nsettings: {ASSAY_LOG__LEVEL: debug}\nresources: {limits: {assay.example/tpm: 1}}\n")
        values = render.values_of([path])
        check("keys of the operator's own are merged", values["nodeSelector"]["rack"] == "a" and
              values["settings"]["ASSAY_LOG__FORMAT"] == "json")


def test_chart():
    with open(KUBERNETES + "/chart/Chart.yaml", encoding="utf-8") as file:
        chart = yaml.safe_load(file)
    with open(ROOT + "/CMakeLists.txt", encoding="utf-8") as file:
        version = re.search(r"^project\(assay VERSION (\S+)", file.read(), re.M).group(1)
    check("the chart is of this version", chart["apiVersion"] == "v2" and chart["version"] == chart["appVersion"] == version)
    check("and so is its image", render.values_of([])["image"]["tag"] == version)
    with open(ROOT + "/packaging/oci/Containerfile", encoding="utf-8") as file:
        user = re.search(r"^USER (\d+):(\d+)$", file.read(), re.M)
    values = render.values_of([])
    check("its user is that of the image", (values["user"], values["group"]) == (int(user.group(1)), int(user.group(2))))


def main():
    with open(KUBERNETES + "/manifests/assay.yaml", encoding="utf-8") as file:
        text = file.read()
    check("the manifests are good", not faults_in(text), faults_in(text))
    for before, after in MANIFEST_FAULTS:
        check("%r is in the manifests" % before, before in text)
        check("%r is refused" % after, bool(faults_in(text.replace(before, after))))
    test_chart()
    test_files()
    test_rendering()
    print("%d checks, %d wrong; not installed: %s" % (checks, len(wrong), ", ".join(skipped) or "none"))
    return 1 if wrong else 0


sys.exit(main())
