#!/bin/sh
# Makes a Task Master project in DIRECTORY: make.sh BIN DIRECTORY, where BIN holds `task-master`.
# Every task is given by hand, so no model is asked; updates and telemetry are off.
set -eu
bin=$1
mkdir -p "$2"
cd "$2"
HOME=$(pwd)/.home
export HOME TASKMASTER_SKIP_AUTO_UPDATE=1
mkdir -p "$HOME" .taskmaster
printf '{"global": {"anonymousTelemetry": false, "projectName": "Tide table"}}\n' > .taskmaster/config.json
printf '{"name": "tide-table", "private": true}\n' > package.json

task() {
    title=$1; shift
    "$bin/task-master" add-task --title "$title" "$@"
}
step() {
    parent=$1 title=$2; shift 2
    "$bin/task-master" add-subtask --parent "$parent" --title "$title" "$@"
}

"$bin/task-master" init --yes --no-git --no-aliases --skip-install --name "Tide table" --description "Tides on a small screen"
printf '%s\n' "$(sed 's/"anonymousTelemetry": true/"anonymousTelemetry": false/' .taskmaster/config.json)" > .taskmaster/config.json
mkdir -p .taskmaster/tasks
printf '{"master": {"tasks": []}}\n' > .taskmaster/tasks/tasks.json # what no command makes without a model
task "Read harbour files" --description "Load the yearly file of a harbour." --details "The file has one line per tide: time, height in metres.
Lines that begin with # are notes." --priority high
task "Draw the tide curve" --description "A curve for the next 24 hours." --details "Interpolate between two tides with a cosine." --dependencies 1 --priority medium
task "Warn of storm surges" --description "Show a warning when a surge is forecast." --details "Never delay the curve for it." --dependencies 1,2 --priority low
task "Choose a licence" --description "Pick one and add the file." --details "Ask the two contributors first." --priority medium
task "Package for the small screen" --description "One file that starts at boot." --details "Keep it under 5 MB; \"quotes\" & <tags> stay as they are." --dependencies 2 --priority high
step 1 "Parse one line" --description "Time and height, or a note." --details "A broken line is reported with its number." --status done
step 1 "Reject a file of another year" --description "The first line says the year." --dependencies 1.1
step 2 "Scale the axes" --description "Round to half metres."
step 2 "Mark the present moment" --description "A dot that moves." --dependencies 2.1
"$bin/task-master" set-status 4 done
"$bin/task-master" set-status 1 in-progress
"$bin/task-master" set-status 3 deferred
"$bin/task-master" tags add ideas --description "Not decided"
"$bin/task-master" add-task --tag ideas --title "Speak the next tide" --description "For people who cannot see the screen." --details "Use the system's voice." --priority low
