//! The policy by which Podman and skopeo take images (containers-policy.json(5)): those of the artifact, from the box's own
//! disk, signed by whoever builds, and no others from nowhere.

use super::{Places, Unit};

/// The policy, where the artifact has containers. Their images lie in `images/NAME`, in the form of `dir:`, beside what
/// services keep; the key is `build.pub` there.
pub(super) fn file(units: &[Unit], places: &Places) -> Option<(String, String)> {
    let containers = units
        .iter()
        .filter_map(|unit| Some((&unit.name, unit.image.as_ref()?)));
    let lib = &places.lib;
    let scopes: Vec<String> = containers
        .map(|(name, (repository, _))| {
            format!(
                "      \"{lib}/images/{name}\": [\n        {{\n          \"type\": \"sigstoreSigned\",\n          \
                 \"keyPath\": \"{lib}/build.pub\",\n          \"signedIdentity\": {{ \"type\": \"exactRepository\", \
                 \"dockerRepository\": \"{repository}\" }}\n        }}\n      ]"
            )
        })
        .collect();
    let text = format!(
        "{{\n  \"default\": [{{ \"type\": \"reject\" }}],\n  \"transports\": {{\n    \"dir\": {{\n{}\n    }}\n  }}\n}}\n",
        scopes.join(",\n")
    );
    (!scopes.is_empty()).then(|| ("podman/policy.json".into(), text))
}
