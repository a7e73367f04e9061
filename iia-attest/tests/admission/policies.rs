//! Policies of containers as people change them; `DIR` stands for where everything lies.

use super::change::{Change, NONE, conf};

/// The policy as the box has it.
pub(crate) const BASE: &str = r#"{
  "default": [{ "type": "reject" }],
  "transports": {
    "dir": {
      "DIR/images/api": [
        {
          "type": "sigstoreSigned",
          "keyPath": "DIR/build.pub",
          "signedIdentity": { "type": "exactRepository", "dockerRepository": "localhost/api" }
        }
      ]
    }
  }
}
"#;

const REJECT: &str = "\"default\": [{ \"type\": \"reject\" }]";
const DIR: &str = "\"dir\": {";
const SCOPE: &str = "\"DIR/images/api\": [";
const KEY: &str = "\"keyPath\": \"DIR/build.pub\"";
const NAME: &str = "{ \"type\": \"exactRepository\", \"dockerRepository\": \"localhost/api\" }";

/// What lets more be taken, or less.
pub(crate) const OPENING: [Change; 18] = [
    conf(
        "anything from anywhere",
        &[(
            REJECT,
            "\"default\": [{ \"type\": \"insecureAcceptAnything\" }]",
        )],
        "images from anywhere: anything is taken",
    ),
    conf(
        "anything of a registry",
        &[(
            DIR,
            "\"docker\": { \"\": [{ \"type\": \"insecureAcceptAnything\" }] }, \"dir\": {",
        )],
        "images by docker: anything is taken",
    ),
    conf(
        "one repository of a registry",
        &[(
            DIR,
            "\"docker\": { \"docker.io/library/busybox\": [{ \"type\": \"insecureAcceptAnything\" }] }, \"dir\": {",
        )],
        "images by docker from docker.io/library/busybox: anything",
    ),
    conf(
        "anything of this disk",
        &[(
            DIR,
            "\"dir\": { \"\": [{ \"type\": \"insecureAcceptAnything\" }],",
        )],
        "images by dir: anything is taken",
    ),
    conf(
        "anything elsewhere",
        &[(
            DIR,
            "\"dir\": { \"DIR/elsewhere\": [{ \"type\": \"insecureAcceptAnything\" }],",
        )],
        "images by dir from DIR/elsewhere: anything is taken",
    ),
    conf(
        "anything in a layout",
        &[(
            DIR,
            "\"oci\": { \"DIR/layouts\": [{ \"type\": \"insecureAcceptAnything\" }] }, \"dir\": {",
        )],
        "images by oci from DIR/layouts: anything is taken",
    ),
    conf(
        "anything below the image",
        &[(
            DIR,
            "\"dir\": { \"DIR/images/api/below\": [{ \"type\": \"insecureAcceptAnything\" }],",
        )],
        "from DIR/images/api/below: anything is taken",
    ),
    conf(
        "the image unsigned",
        &[(
            SCOPE,
            "\"DIR/images/api\": [{ \"type\": \"insecureAcceptAnything\" }], \"DIR/images/api-2\": [",
        )],
        "from DIR/images/api: anything is taken",
    ),
    conf(
        "the image rejected",
        &[(
            SCOPE,
            "\"DIR/images/api\": [{ \"type\": \"reject\" }], \"DIR/images/api/below\": [",
        )],
        "the image of the artifact in DIR/images/api is not taken",
    ),
    conf(
        "the image rejected beside what is asked",
        &[(SCOPE, "\"DIR/images/api\": [{ \"type\": \"reject\" },")],
        "the image of the artifact in DIR/images/api is not taken",
    ),
    conf(
        "the scope of another image",
        &[(SCOPE, "\"DIR/images/collector\": [")],
        "they are taken as localhost/api, which the artifact does not have there",
    ),
    conf(
        "all images by the signature of one",
        &[(SCOPE, "\"DIR/images\": [")],
        "they are taken as localhost/api, which the artifact does not have there",
    ),
    conf(
        "another key",
        &[(KEY, "\"keyPath\": \"DIR/other.pub\"")],
        "DIR/other.pub, a key that the trust root does not have",
    ),
    conf(
        "a key in the policy itself",
        &[(KEY, "\"keyData\": \"b3RoZXI=\"")],
        "the key that stands in it, a key that the trust root does not have",
    ),
    conf(
        "whatever name",
        &[(NAME, "{ \"type\": \"matchRepository\" }")],
        "they are taken under another name (matchRepository)",
    ),
    conf(
        "another name",
        &[("\"localhost/api\"", "\"localhost/other\"")],
        "they are taken as localhost/other",
    ),
    conf(
        "another reference",
        &[(
            NAME,
            "{ \"type\": \"exactReference\", \"dockerReference\": \"localhost/api:v1\" }",
        )],
        "they are taken under another name (exactReference)",
    ),
    conf(
        "another transport",
        &[(DIR, "\"oci\": {")],
        "the image of the artifact in DIR/images/api is not taken",
    ),
];

/// What changes no meaning.
pub(crate) const SAME: [Change; 5] = [
    Change {
        what: "nothing",
        ..NONE
    },
    conf(
        "the right key in the policy itself",
        &[(KEY, "\"keyData\": \"YnVpbGQ=\"")],
        "",
    ),
    conf(
        "nothing more is asked beside the signature",
        &[(
            SCOPE,
            "\"DIR/images/api\": [{ \"type\": \"insecureAcceptAnything\" },",
        )],
        "",
    ),
    conf(
        "what is rejected is rejected by name",
        &[(
            DIR,
            "\"docker\": { \"\": [{ \"type\": \"reject\" }] }, \"dir\": { \"DIR/elsewhere\": [{ \"type\": \"reject\" }],",
        )],
        "",
    ),
    conf(
        "below the image the same is asked",
        &[(
            "\n      ]\n",
            "\n], \"DIR/images/api/below\": [{ \"type\": \"sigstoreSigned\", \"keyPath\": \"DIR/build.pub\", \"signedIdentity\": { \"type\": \"exactRepository\", \"dockerRepository\": \"localhost/api\" } }]",
        )],
        "",
    ),
];

/// What nobody would load.
pub(crate) const REFUSED: [Change; 9] = [
    conf(
        "no default",
        &[("\"default\": [{ \"type\": \"reject\" }],", "")],
        "nobody would load",
    ),
    conf(
        "an empty list",
        &[(REJECT, "\"default\": []")],
        "nobody would load",
    ),
    conf(
        "a field that nobody knows",
        &[("\"transports\"", "\"more\": 1, \"transports\"")],
        "nobody would load",
    ),
    conf(
        "a kind that nobody knows",
        &[("\"sigstoreSigned\"", "\"signed\"")],
        "nobody would load",
    ),
    conf(
        "more than is asked",
        &[(
            "{ \"type\": \"reject\" }",
            "{ \"type\": \"reject\", \"why\": 1 }",
        )],
        "nobody would load",
    ),
    conf(
        "two keys",
        &[(
            KEY,
            "\"keyPath\": \"DIR/build.pub\", \"keyData\": \"YnVpbGQ=\"",
        )],
        "nobody would load",
    ),
    conf(
        "the root of the disk",
        &[(SCOPE, "\"/\": [")],
        "nobody would load",
    ),
    conf(
        "a path from here",
        &[(SCOPE, "\"images/api\": [")],
        "nobody would load",
    ),
    conf("cut", &[("      ]\n", "")], "nobody would load"),
];
