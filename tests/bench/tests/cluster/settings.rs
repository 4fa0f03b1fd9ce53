//! The settings of an instance, and what its data folder holds.

use std::{fs, path::Path, process::Command};

use bench::{
    cluster::{KEY, executable},
    key::Key,
    server::{Folder, files_below},
};
use serde_json::json;

use crate::{DIVISOR, Fixture, run};

/// What the executable prints when it does not start.
fn refused(data: &Path, settings: &[(&str, &str)]) -> String {
    let mut command = Command::new(executable());
    command.env_clear().arg("--data").arg(data).args(["--listen", "127.0.0.1:1"]);
    command
        .env("API_KEYS", Key::draw().unwrap().line())
        .env("TOKEN_SECRET", "a secret of thirty-two characters or more");
    let output = command.envs(settings.iter().copied()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn each_setting_of_a_cluster_that_is_missing_or_wrong_is_named_and_nothing_starts() {
    let folder = Folder::new("cluster-settings").unwrap();
    let data = folder.path().join("data");
    let message = refused(&data, &[("CLUSTER_KEY", "PLANTED")]);
    for name in ["CLUSTER_BUCKET is not set", "CLUSTER_KEY is invalid", "CLUSTER_ADDRESS is not set"] {
        assert!(message.contains(name) && !message.contains("PLANTED"), "{message}");
    }
    let cluster = [("CLUSTER_BUCKET", "s3://jobs/a"), ("CLUSTER_KEY", KEY), ("CLUSTER_ADDRESS", "0.0.0.0:7000")];
    let message = refused(&data, &cluster);
    for name in ["CLUSTER_ADDRESS is invalid", "AWS_ACCESS_KEY_ID is not set", "AWS_SECRET_ACCESS_KEY is not set"] {
        assert!(message.contains(name), "{message}");
    }
    assert!(!data.exists());
}

#[test]
fn the_data_folder_of_an_instance_holds_no_key_and_serves_nothing_without_the_cluster() {
    run(async {
        let mut fixture = Fixture::start("cluster-data", DIVISOR).await;
        fixture.report(0, &json!({"current": 1})).await.success().unwrap();
        let data = fixture.folder.path().join("0/data");
        for file in files_below(&data).unwrap() {
            // The runtime replaces files meanwhile.
            let bytes = fs::read(&file).unwrap_or_default();
            let has_key = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
            assert!(!has_key, "{} contains CLUSTER_KEY", file.display());
        }
        fixture.cluster.instances[0].crash().unwrap();
        let message = refused(&data, &[]);
        assert!(message.contains("an instance of the cluster s3://jobs/"), "{message}");
        let settings = [
            ("CLUSTER_BUCKET", "s3://jobs/another"),
            ("CLUSTER_KEY", KEY),
            ("CLUSTER_ADDRESS", "127.0.0.1:7000"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        let message = refused(&data, &settings);
        assert!(message.contains("an instance of the cluster s3://jobs/"), "{message}");
    });
}
