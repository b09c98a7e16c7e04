#!/bin/sh
# Makes a Backlog.md project in DIRECTORY: make.sh BIN DIRECTORY, where BIN holds `backlog`.
set -eu
bin=$1
mkdir -p "$2"
cd "$2"
HOME=$(pwd)/.home
export HOME
mkdir -p "$HOME"

"$bin/backlog" init "Seed library" --defaults --no-git --integration-mode none
"$bin/backlog" milestone add "Spring opening"
"$bin/backlog" task create "Label the seed drawers" --description "Each drawer says what lies in it.

Names in two languages: \"Möhre\" and carrot." --priority high --labels shelf,print --ac "Every drawer has a label" --ac "A label can be read from one metre: 24 pt, not less" --type task --milestone "Spring opening"
"$bin/backlog" task create "Lend seeds to members" --description "A member takes a bag and promises to bring seeds back." --priority medium --labels lending --ac "The bag is noted with its member" --dep task-1 --assignee @librarian
"$bin/backlog" task create "Write the lending card" --parent task-2 --ac "It fits on a postcard" --ref docs/card.md --modified-file templates/card.svg
"$bin/backlog" task create "Remind members in autumn" --parent task-2 --dep task-2.1 --labels lending,mail --description "A letter, once. No second one."
"$bin/backlog" task create "Dry the incoming seeds" --status "In Progress" --priority low --plan "1. Spread on paper
2. Turn daily" --notes "The window side dries faster." --ac "Seeds are dry after ten days" --dod "The drying sheet is signed"
"$bin/backlog" task create "Throw away seeds of 2019" --priority low --ac "The compost is covered"
"$bin/backlog" task edit task-4 --check-ac 1 --status Done --final-summary "Composted all of them but the beans."
"$bin/backlog" task create "Paint the cabinet" --description "Green."
"$bin/backlog" task edit task-5 --status Done --comment "Two coats." --comment-author librarian
"$bin/backlog" task complete task-5
"$bin/backlog" draft create "Swap seeds with the next village" --description "Perhaps by bicycle."
"$bin/backlog" task create "Count the beans" --description "Nobody wants to."
"$bin/backlog" task archive task-6
