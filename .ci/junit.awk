# cargo test's own lines -> JUnit XML, for GitLab's test report. Stable cargo prints no times, so there are none here.
function xml(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text); return text }
BEGIN { print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites><testsuite name=\"cargo test\">" }
/^ *Running / { suite = $2 == "unittests" ? $3 : $2 }
/^ *Doc-tests / { suite = "doc-tests" }
/^test .* \.\.\. (ok|FAILED|ignored)/ {
  name = $0; sub(/^test /, "", name); sub(/ \.\.\. .*/, "", name)
  printf "<testcase classname=\"%s\" name=\"%s\">", xml(suite), xml(name)
  if (/ \.\.\. FAILED/) printf "<failure message=\"see the job's log\"/>"
  if (/ \.\.\. ignored/) printf "<skipped/>"
  print "</testcase>"
}
END { print "</testsuite></testsuites>" }
