#!/usr/bin/env bash
# settings-page.sh - prints docs/settings.md from the tables that the programs in $GARDEN_BUILD
# (default build) were built with. `make docs` writes the page; tests/unit/docs_test.sh compares.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=${GARDEN_BUILD:-build}

cat <<'PAGE'
# Settings

Every setting is an environment variable. One that is set but empty counts as unset. A wrong
value stops the program at its start, with a line that names the variable and what it takes.

This page is made by `make docs` from the tables in the code; `PROGRAM --help` prints the same.
`gardenctl up` hands its environment to the services that it starts, so all of these can be set
for `make run`.
PAGE
"$programs/gardenctl" --settings-markdown
"$programs/gateway" --settings-markdown
"$programs/item-ingest" --settings-markdown
"$programs/generator-gpu" --settings-markdown
"$programs/emotion" --settings-markdown
"$programs/recommender-proxy" --settings-markdown
"$programs/csv-exporter" --settings-markdown
"$programs/display-feed" --settings-markdown
cat <<'PAGE'

## Log lines

Services write one JSON object a line to stderr. `gardenctl up` keeps these lines in
`GARDEN_DATA/log/<service>.log`.

| variable | default | takes | meaning |
| --- | --- | --- | --- |
| `LOG_LEVEL` | `info` | `debug`, `info`, `warn`, `error` | the least level that is written |

## Keys of an S3 store

Needed by every program where `GARDEN_STORE` is `s3://...`. They are taken from the environment
only, never from a URL.

| variable | default | takes | meaning |
| --- | --- | --- | --- |
| `AWS_ACCESS_KEY_ID` | none, it has to be set | text | the key's name |
| `AWS_SECRET_ACCESS_KEY` | none, it has to be set | text | the key's secret |
| `AWS_SESSION_TOKEN` | unset | text | for temporary keys: the token that came with them |

## Sockets from a supervisor

A service that is started with `LISTEN_PID` (its process id) and `LISTEN_FDS` serves on the
listening socket that it inherits as file descriptor 3, and its `..._LISTEN` is not used.
`gardenctl up` starts services so; systemd's socket activation works the same way.
PAGE
