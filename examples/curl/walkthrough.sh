#!/usr/bin/env bash
# Photos in, USDZ out, with nothing but curl: every call that a client of the API makes.
#
#   examples/curl/walkthrough.sh [folder of photos] [folder for the result]
#
# Where and as whom: CP_BASE_URL and CP_API_KEY, or .local/credentials.json, which `npm start`
# writes. TRAIN_SECONDS (30) is how long the Gaussians are trained. Needs curl and python3, which
# only reads and writes JSON here.

set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
photos=${1:-$root/examples/tabletop/photos}
result=${2:-reconstruction}
train_seconds=${TRAIN_SECONDS:-30}
credentials=$root/.local/credentials.json

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

[[ $train_seconds =~ ^[0-9]+$ ]] || fail "TRAIN_SECONDS is $train_seconds, not a whole number."

# pick EXPRESSION [FILE]: evaluate Python on `it`, the JSON on standard input or in FILE.
# Lists are printed a line each.
pick() {
  python3 -c '
import json, sys
it = json.load(open(sys.argv[2]) if len(sys.argv) > 2 else sys.stdin)
value = eval(sys.argv[1])
print(*(value if isinstance(value, list) else [value]), sep="\n")' "$@"
}

# api METHOD PATH [BODY [HEADER]]: call the API, print the answer; stop at a problem and show it.
api() {
  local answer status arguments=(-X "$1" -H "Authorization: Bearer $CP_API_KEY")
  if [ $# -gt 2 ]; then
    arguments+=(-H 'Content-Type: application/json' --data-binary "$3")
  fi
  if [ $# -gt 3 ]; then
    arguments+=(-H "$4")
  fi
  answer=$(curl -sS --max-time 60 --retry 3 -w '\n%{http_code}' "${arguments[@]}" "$CP_BASE_URL$2") ||
    fail "$1 $CP_BASE_URL$2 was not answered. Is the platform up? On a laptop: npm start"
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [ "$status" -ge 400 ]; then
    fail "$1 $2 answered $status" "$(pick '[
      "{code}: {detail}".format(**it),
      *("  {pointer}: {detail}. {fix}".format(**error) for error in it["errors"]),
      "  request {requestId}".format(**it),
    ]' <<<"$answer" 2>/dev/null || printf '%s' "$answer")"
  fi
  printf '%s\n' "$answer"
}

# Where the API is, and the key.
if [ -z "${CP_BASE_URL:-}" ] || [ -z "${CP_API_KEY:-}" ]; then
  [ -r "$credentials" ] ||
    fail "There is no $credentials: run npm start first, or set CP_BASE_URL and CP_API_KEY."
  CP_BASE_URL=${CP_BASE_URL:-$(pick 'it["baseUrl"]' "$credentials")}
  CP_API_KEY=${CP_API_KEY:-$(pick 'it["apiKey"]' "$credentials")}
fi
CP_BASE_URL=${CP_BASE_URL%/}

# 1. Announce the photos; one signed form comes back for each.
[ -d "$photos" ] || fail "There is no folder $photos."
announcement=$(python3 - "$photos" <<'PYTHON'
import json, mimetypes, pathlib, sys

files = [
    {"name": path.name, "size": path.stat().st_size, "contentType": mimetypes.guess_type(path)[0]}
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir())
    if (mimetypes.guess_type(path)[0] or "").startswith("image/")
]
print(json.dumps({"inputKind": "photos", "files": files}))
PYTHON
)
echo "announcing $(pick 'len(it["files"])' <<<"$announcement") photos"
upload=$(api POST /v1/uploads/presign "$announcement")
upload_id=$(pick 'it["uploadId"]' <<<"$upload")

# 2. Send each photo straight into the bucket: the form's fields first, the file last.
names=$(pick '[f["name"] for f in it["files"]]' <<<"$announcement")
index=0
while IFS= read -r name; do
  {
    IFS= read -r url
    form=()
    while IFS= read -r field; do
      form+=(--form-string "$field")
    done
  } < <(pick "[it['presignedUrls'][$index]['url']] + [
    f'{name}={value}' for name, value in it['presignedUrls'][$index]['fields'].items()
  ]" <<<"$upload")
  curl -sS --fail-with-body --retry 3 "${form[@]}" -F "file=@\"$photos/$name\"" "$url" ||
    fail "" "$name could not be uploaded; the answer above says why."
  index=$((index + 1))
  printf '\ruploaded %d' "$index"
done <<<"$names"
echo

# 3. Start the job. The key makes it safe to send this again: there is one job for an upload.
job=$(api POST /v1/jobs "$(pick "json.dumps({
  'inputUri': it['inputUri'],
  'inputKind': 'photos',
  'config': {'trainSeconds': $train_seconds},
})" <<<"$upload")" "Idempotency-Key: walkthrough-$upload_id")
job_id=$(pick 'it["jobId"]' <<<"$job")
echo "started $job_id, at most \$$(pick 'it["costEstimateUsd"]' <<<"$job")"

# 4. Watch it.
shown=
while true; do
  job=$(api GET "/v1/jobs/$job_id")
  status=$(pick 'it["status"]' <<<"$job")
  line=$(pick '"{:<10} {:<8} {:5.1f} %  {}".format(
    it["status"],
    it["progress"]["stage"] or "",
    it["progress"]["percent"],
    "" if it["progress"]["etaSeconds"] is None
    else "about {:.0f} s left".format(it["progress"]["etaSeconds"]),
  )' <<<"$job")
  [ "$line" = "$shown" ] || echo "$line"
  shown=$line
  case $status in
    completed) break ;;
    failed | canceled)
      fail "$job_id $status" "$(pick '[
        "{code}: {message}".format(**it["statusReason"]),
        it["statusReason"]["nextAction"],
      ] if it["statusReason"] else it["errorMessage"]' <<<"$job")"
      ;;
  esac
  sleep 2
done

# 5. See how good it is and what there is, and fetch the USDZ.
pick '[f"{name} {value}" for name, value in it["quality"].items()]' <<<"$job"
artifacts=$(api GET "/v1/jobs/$job_id/artifacts")
echo "artifacts: $(pick '", ".join(sorted(it["downloadUrls"]))' <<<"$artifacts")"
mkdir -p "$result"
curl -sS --fail-with-body --retry 3 -o "$result/scene.usdz" \
  "$(pick 'it["downloadUrls"]["usdz"]' <<<"$artifacts")" ||
  fail "The USDZ could not be fetched: $(head -c 300 "$result/scene.usdz")"
echo "$result/scene.usdz  $(wc -c <"$result/scene.usdz" | tr -d ' ') bytes"
