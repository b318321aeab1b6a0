"""deploy/kubernetes.yaml: valid for Kubernetes' own schema, and as safe as it claims to be."""

import copy
import re
import unittest

import kubernetes_validate
import yaml

from tools.testing import report

MANIFEST = "deploy/kubernetes.yaml"
# The oldest version that the manifest names, and newer ones as far as the validator knows them.
VERSIONS = ("1.30", "1.34", "1.37")


def load():
    with open(MANIFEST, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def seconds(flag):
    text = flag.split("=", 1)[1]
    assert text.endswith("s") and text[:-1].isdigit(), flag
    return int(text[:-1])


class ManifestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = load()
        cls.deployment = cls.only("Deployment")
        cls.template = cls.deployment["spec"]["template"]
        cls.pod = cls.template["spec"]
        cls.container = cls.pod["containers"][0]

    @classmethod
    def of_kind(cls, kind):
        return [document for document in cls.documents if document["kind"] == kind]

    @classmethod
    def only(cls, kind):
        found = cls.of_kind(kind)
        assert len(found) == 1, f"{len(found)} of kind {kind}"
        return found[0]

    def flag(self, name):
        values = [arg for arg in self.container["args"] if arg.startswith(f"--{name}=")]
        self.assertEqual(len(values), 1, name)
        return values[0]

    # The schema.

    def test_every_document_is_valid(self):
        for version in VERSIONS:
            for document in self.documents:
                with self.subTest(version=version, kind=document["kind"]):
                    kubernetes_validate.validate(document, version, strict=True)

    def test_the_validator_finds_what_is_wrong(self):
        misspelt = load()[2]
        misspelt["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 5
        wrong_type = load()[2]
        wrong_type["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = "x"
        for document in (misspelt, wrong_type):
            with self.assertRaises(kubernetes_validate.ValidationError):
                kubernetes_validate.validate(document, VERSIONS[0], strict=True)

    def test_nothing_is_there_twice_and_all_is_in_the_namespace(self):
        names = [(document["kind"], document["metadata"]["name"]) for document in self.documents]
        self.assertEqual(len(names), len(set(names)))
        namespace = self.only("Namespace")["metadata"]["name"]
        for document in self.documents:
            if document["kind"] != "Namespace":
                self.assertEqual(document["metadata"]["namespace"], namespace, document["kind"])

    # The pod: the restricted standard of pod security.

    def test_namespace_enforces_the_restricted_standard(self):
        labels = self.only("Namespace")["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_runs_as_a_numbered_user_that_is_not_root(self):
        context = self.pod["securityContext"]
        self.assertIs(context["runAsNonRoot"], True)
        for field in ("runAsUser", "runAsGroup", "fsGroup"):
            self.assertGreaterEqual(context[field], 10000, field)

    def test_can_gain_no_rights(self):
        context = self.container["securityContext"]
        self.assertIs(context["allowPrivilegeEscalation"], False)
        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
        self.assertNotIn("privileged", context)
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})

    def test_root_is_read_only_and_nothing_of_the_host_is_shared(self):
        self.assertIs(self.container["securityContext"]["readOnlyRootFilesystem"], True)
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(field, self.pod)
        for volume in self.pod["volumes"]:
            self.assertNotIn("hostPath", volume)

    def test_account_of_its_own_without_a_token(self):
        account = self.only("ServiceAccount")
        self.assertEqual(self.pod["serviceAccountName"], account["metadata"]["name"])
        self.assertIs(account["automountServiceAccountToken"], False)
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        self.assertIs(self.pod["enableServiceLinks"], False)

    # The secret.

    def test_no_secret_in_the_manifest_or_the_environment(self):
        self.assertEqual(self.of_kind("Secret"), [])
        self.assertNotIn("env", self.container)
        self.assertNotIn("envFrom", self.container)

    def test_key_is_a_file_of_a_mounted_folder(self):
        volume = self.pod["volumes"][0]
        mount = self.container["volumeMounts"][0]
        self.assertEqual(mount["name"], volume["name"])
        self.assertIs(mount["readOnly"], True)
        self.assertNotIn("subPath", mount)
        path = f'{mount["mountPath"]}/{volume["secret"]["items"][0]["path"]}'
        self.assertEqual(self.flag("api_key_file"), f"--api_key_file={path}")
        self.assertEqual(volume["secret"]["defaultMode"] & 0o007, 0, "others may read the key")

    # Life and death.

    def test_probes_ask_for_names_of_their_own(self):
        port = self.container["ports"][0]["containerPort"]
        for probe, service in (
            ("startupProbe", "liveness"),
            ("livenessProbe", "liveness"),
            ("readinessProbe", "readiness"),
        ):
            self.assertEqual(
                self.container[probe]["grpc"], {"port": port, "service": service}, probe
            )

    def test_time_to_leave_is_enough(self):
        pre_stop = self.container["lifecycle"]["preStop"]
        self.assertEqual(list(pre_stop), ["sleep"], "anything else needs a shell in the image")
        drain = seconds(self.flag("drain_delay")) + seconds(self.flag("drain_grace"))
        needed = pre_stop["sleep"]["seconds"] + drain + 3
        self.assertGreaterEqual(self.pod["terminationGracePeriodSeconds"], needed + 5)

    def test_listens_where_the_probes_look_on_all_families(self):
        port = self.container["ports"][0]["containerPort"]
        self.assertEqual(self.flag("listen"), f"--listen=[::]:{port}")
        for service in self.of_kind("Service"):
            # The cluster's own default; one that asks for a family fails where it is not there.
            self.assertNotIn("ipFamilies", service["spec"])
            self.assertNotEqual(service["spec"].get("ipFamilyPolicy"), "RequireDualStack")

    def test_the_world_is_reached_by_both_families(self):
        rules = self.only("NetworkPolicy")["spec"]["egress"]
        blocks = [peer["ipBlock"]["cidr"] for rule in rules for peer in rule["to"] if "ipBlock" in peer]
        self.assertEqual(set(blocks), {"0.0.0.0/0", "::/0"})

    def test_probes_are_in_plain_text_as_the_port_is(self):
        # The kubelet's gRPC probe knows no TLS.
        self.assertEqual([arg for arg in self.container["args"] if arg.startswith("--tls_")], [])

    def test_the_pages_probes_for_tls_fit_into_the_manifest(self):
        with open("docs/deployment.md", encoding="utf-8") as file:
            blocks = re.findall(r"^```yaml\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
        probes = yaml.safe_load(blocks[0])
        self.assertEqual(set(probes), {"startupProbe", "livenessProbe", "readinessProbe"})
        documents = copy.deepcopy(self.documents)
        deployment = [document for document in documents if document["kind"] == "Deployment"][0]
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container.update(probes)
        for version in VERSIONS:
            kubernetes_validate.validate(deployment, version, strict=True)
        for probe in probes.values():
            self.assertIn(probe["tcpSocket"]["port"], [port["name"] for port in container["ports"]])

    def test_connections_have_an_age(self):
        self.assertEqual(self.flag("max_connection_age"), "--max_connection_age=10m")

    def test_update_takes_no_pod_away_first(self):
        strategy = self.deployment["spec"]["strategy"]
        self.assertEqual(strategy["type"], "RollingUpdate")
        self.assertEqual(strategy["rollingUpdate"], {"maxUnavailable": 0, "maxSurge": 1})

    def test_pods_are_spread_and_evicted_one_by_one(self):
        self.assertGreaterEqual(self.deployment["spec"]["replicas"], 3)
        keys = {entry["topologyKey"] for entry in self.pod["topologySpreadConstraints"]}
        self.assertEqual(keys, {"topology.kubernetes.io/zone", "kubernetes.io/hostname"})
        budget = self.only("PodDisruptionBudget")["spec"]
        self.assertEqual(budget["maxUnavailable"], 1)
        self.assertEqual(budget["unhealthyPodEvictionPolicy"], "AlwaysAllow")

    def test_resources_are_set(self):
        resources = self.container["resources"]
        for kind in ("requests", "limits"):
            self.assertEqual(set(resources[kind]), {"cpu", "memory"}, kind)
        self.assertEqual(resources["requests"]["memory"], resources["limits"]["memory"])

    def test_image_has_a_fixed_version_that_the_labels_repeat(self):
        tag = self.container["image"].rpartition(":")[2]
        self.assertRegex(tag, r"^\d+\.\d+\.\d+$")
        for labels in (self.deployment["metadata"]["labels"], self.template["metadata"]["labels"]):
            self.assertEqual(labels["app.kubernetes.io/version"], tag)
        with open("service/config/report.h", encoding="utf-8") as file:
            self.assertIn(f'"{tag}"', file.read())

    # What finds the pods.

    def test_every_selector_matches_the_pods(self):
        labels = self.template["metadata"]["labels"].items()
        selectors = [self.deployment["spec"]["selector"]["matchLabels"]]
        selectors += [service["spec"]["selector"] for service in self.of_kind("Service")]
        selectors += [self.only("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]]
        selectors += [self.only("NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
        for entry in self.pod["topologySpreadConstraints"]:
            selectors.append(entry["labelSelector"]["matchLabels"])
        for selector in selectors:
            self.assertTrue(selector)
            self.assertLessEqual(selector.items(), labels)

    def test_one_headless_service_and_one_with_an_address(self):
        addresses = sorted(
            service["spec"].get("clusterIP", "own") for service in self.of_kind("Service")
        )
        self.assertEqual(addresses, ["None", "own"])
        names = {port["name"] for port in self.container["ports"]}
        for service in self.of_kind("Service"):
            for port in service["spec"]["ports"]:
                self.assertIn(port["targetPort"], names)
                self.assertEqual(port["appProtocol"], "kubernetes.io/h2c")

    def test_network_is_closed_but_for_what_is_needed(self):
        policy = self.only("NetworkPolicy")["spec"]
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])
        for rule in policy["ingress"] + policy["egress"]:
            self.assertTrue(rule["ports"], "a rule without ports opens all")
        open_to_the_world = [
            peer["ipBlock"]
            for rule in policy["egress"]
            for peer in rule["to"]
            if "ipBlock" in peer
        ]
        self.assertIn("169.254.0.0/16", open_to_the_world[0]["except"])


if __name__ == "__main__":
    report.main()
