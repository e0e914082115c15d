#!/bin/sh
# Find a Python that runs (the one by which Windows offers its store does not) and become it; run.py then looks for a newer one if it has to.
for python in python3 python; do
    "$python" -I -S -X utf8 -c '' >/dev/null 2>&1 && exec "$python" -I -S -X utf8 "${0%start.sh}run.py" "$@"
done

what='There is no Python on PATH. Run in a container that has one, 3.11 or newer, or add this step before the one that failed:'
step='- uses: actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0'
with='  with: {python-version: "3.13"}'
printf '%s\n' "::error title=pkg-publish cannot start::$what%0A$step%0A$with%0ASee docs/troubleshooting.md#set-up-python"
printf '%s\n' '## Nothing is published: pkg-publish cannot start' '' "$what" '' '```yaml' "$step" "$with" '```' >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
for output in status=failed files=[] target= targets= project= version= url= install-command= digest= tag= release-id= upload-url= fallback-reason= report=; do
    printf '%s\n' "$output"
done >>"${GITHUB_OUTPUT:-/dev/null}"
exit 8
