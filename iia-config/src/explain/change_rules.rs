//! Rules of change: what an artifact may be after what is applied, and whose leave it needs.

super::table! {
"C080" E "revisions count up, and `previous` is what is applied" why "An old artifact with a good signature must not come back." clause "L489" good "  revision 7
" bad "  revision 6
";
"C081" E "an artifact is for this box" why "What was agreed for one box is not agreed for another." clause "L557" good "  target seg01
  fleet packout
" bad "  target seg02
";
"C085" E "a maintenance window is open at the time of leave" why "What stops a line is done when the line stands. Checked when an approval is used." clause "L560" good "" bad "";
"C086" E "a revert names what the box really held" why "Going back leads to something that was in force, not to something that was only once signed. Checked when an approval is used." clause "L609" good "" bad "";
"C087" E "roots change with the leave of old and new" why "Whoever holds the old root alone cannot take the box, and nobody locks himself out. Checked when a trust document is used." clause "L525" good "" bad "";
"C088" E "a manifest names its box, counts up and ends" why "A manifest that never ends lets a box be frozen at an old state; one without box can be shown to another. It is said even when nothing changes." clause "L534" good "" bad "";
"C090" E "the version says what kind of change it is" why "Whoever agreed to a major version still agrees to all of its minors." clause "L241" good "contract iia.contract.internal.collect_to_lake 1.0.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_BATCH
  operation WRITE_STREAM
" bad "contract iia.contract.internal.collect_to_lake 1.1.0 {
  scope internal
  source spiffe://iia.local/zone/collect/workload/protocol_collector
  destination spiffe://iia.local/zone/lake/workload/lake_writer
  operation WRITE_BATCH
";
"C091" E "an old major version stays for its overlap" why "Consumers change at their own pace, within what was promised." clause "L241" good "contract iia.contract.boundary.bi_lake.batch 2.0.0 {
" bad "contract iia.contract.boundary.bi_lake.batch 3.0.0 {
";
"C092" E "a version is never used twice, and never decreases" why "One version is one text, for everybody who ever fetched it." clause "L241" good "  operation WRITE_BATCH
  operation WRITE_STREAM
" bad "  operation WRITE_BATCH
  operation WRITE_BULK
  operation WRITE_STREAM
";
"C093" E "nobody is cut off who was not told" why "A contract that goes away while somebody works under it is deprecated first." clause "L241" good "contract iia.contract.boundary.mcp_server.i3x_query 1.0.0 {
" bad "contract iia.contract.boundary.mcp_server.renamed 1.0.0 {
";
"C094" W "an obligation is loosened by both sides" why "A bilateral contract is not changed by one." clause "L229" good "    verify_every 1m
" bad "    verify_every 5m
";
}
