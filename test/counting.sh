# counting.sh, for `.`: runs checks and counts them. The last line is "N passed, N failed".
log=$(mktemp) failures=$(mktemp) times=$(mktemp)
trap 'rm -f "$log" "$failures" "$times"' EXIT
passed=0 failed=0

# check NAME COMMAND...: counts as one
check() {
  echo "== $1"
  name=$1
  shift
  if "$@"; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "$name" >>"$failures"
  fi
}

# count NAME COMMAND...: runs tap, and counts the assertions of which it says that they ran
count() {
  echo "== $1"
  name=$1
  shift
  : >"$log"
  "$@" --reporter=terse --output-file="$log"
  status=$?
  # The last line of this form is the total: # { total: 9, pass: 8, fail: 1 }
  total=$(grep -aE '^# \{ total: [0-9]+' "$log" | tail -n 1)
  number() { echo "$total" | sed -nE "s/.*[{ ]$1: ([0-9]+).*/\1/p"; }
  pass=$(number pass) fail=$(number fail)
  passed=$((passed + ${pass:-0}))
  failed=$((failed + ${fail:-0}))
  echo "${pass:-0} passed, ${fail:-0} failed"
  sed -nE 's/^(not )?ok [0-9]+ - (.*) # time=([0-9]+).*/\3 \2/p' "$log" | sed "s|\$| ($name)|" >>"$times"
  # Skipped or unfinished tests, missing coverage or a crash fail without a failed assertion.
  if [ "${pass:-0}" = 0 ] || [ "$total" != "${total#*skip}" ] || [ "$total" != "${total#*todo}" ] ||
    { [ $status -ne 0 ] && [ "${fail:-0}" = 0 ]; }; then
    failed=$((failed + 1))
    echo "not ok: it did not run to its end (exit status $status): $total" >>"$log"
  fi
  # Each failed assertion with what tap says of it.
  awk '/^ *not ok/ { print; lines = 40; next }
    lines > 0 && /^ *(---|\.\.\.)$/ { if ($1 == "...") lines = 0; next }
    /^ *(ok|1\.\.|#)/ { lines = 0 }
    lines > 0 { print; lines-- }' "$log" >>"$failures"
}

# Prints what took longest, what failed and the line, and fails if something failed.
total() {
  echo '== the slowest ten'
  sort -rn "$times" | head -n 10 | awk '{ $1 = sprintf("%6.1f s ", $1 / 1000); print }'
  [ ! -s "$failures" ] || { echo '== what failed' && cat "$failures"; }
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
