//! Rules of the language: a line that breaks one cannot be read.

super::table! {
"P001" E "a document is UTF-8" why "Bytes that are no text read differently in every program." clause "L468" good "" bad "";
"P002" E "the last line ends with a line feed" why "A document that was cut short must not look whole." clause "L468" good "" bad "";
"P003" E "the first line says what the document is" why "A signature for one kind of document must never count for another." clause "L484" good "iia-config 1
" bad "iia-config 2
";
"P004" E "no control characters" why "They move cursors and hide text; what is read is what is signed." clause "L468" good "vendor \"x\"" bad "";
"P005" E "no tabs" why "One form for one meaning: indentation is two spaces." clause "L468" good "  scope internal
" bad "	scope internal
";
"P006" E "no carriage returns" why "One form for one meaning: lines end with a line feed alone." clause "L468" good "" bad "";
"P007" E "nothing that turns the direction of text" why "Such marks show a reviewer another order than the one that is signed." clause "L468" good "" bad "";
"P008" E "no invisible characters" why "What is not seen in review must not be signed." clause "L468" good "" bad "";
"P009" E "no byte order mark" why "The document begins with its first line and with nothing before it." clause "L468" good "" bad "";
"P010" E "no block in a block" why "Depth is fixed at entry, block and field, so a parser needs no stack and none can overflow." clause "L468" good "  transport {
    protocol iia_link
" bad "  transport {
    inner {
    }
    protocol iia_link
";
"P011" E "an entry has a kind and a name; a block has no version" why "Every entry is named, so that changes to it can be told." clause "L468" good "policy box {
" bad "policy {
";
"P012" E "a version is major.minor.patch" why "Consumers decide by it whether they still agree." clause "L241" good "artifact seg01.packout.milwaukee 1.4.0 {
" bad "artifact seg01.packout.milwaukee 1.4 {
";
"P013" E "a key is lower-case ASCII" why "Letters that look like others would make two keys that read the same." clause "L468" good "  sl_target 3
" bad "  SL_target 3
";
"P014" E "a name is letters, digits, `.`, `_` and `-`" why "Names become firewall rules, bridges and file names." clause "L468" good "party site-ops-manager {
" bad "party site/ops-manager {
";
"P015" E "`}` closes what was opened" why "A brace too many hides where an entry ends." clause "L468" good "  topology single_box
" bad "  topology single_box
}
}
";
"P016" E "a key has a value" why "There are no flags and no defaults: what is meant is written." clause "L468" good "  topology single_box
" bad "  topology
";
"P017" E "a field stands in an entry" why "A field outside an entry is about nothing." clause "L468" good "interface it0 {
" bad "revision 7

interface it0 {
";
"P018" E "a value is one of the language's values" why "Each token has one reading: a string, a number, an address and so on." clause "L468" good "  sl_target 3
" bad "  sl_target 03
";
"P019" E "one space stands between two parts of a line" why "One form for one meaning." clause "L468" good "  sl_target 3
" bad "  sl_target  3
";
"P020" E "what is opened is closed" why "A document that was cut short must not look whole." clause "L468" good "  topology single_box
  document_max 1MiB
  image_trust_root enterprise-artifacts
}
" bad "  topology single_box
  document_max 1MiB
  image_trust_root enterprise-artifacts
";
"P021" E "a string ends on its line and holds no quote or backslash" why "There are no escapes, so what stands between the quotes is the string." clause "L468" good "    topic \"application/field-env-zone-a/+/up\"
" bad "    topic \"application/field-env-zone-a/+/up
";
"P022" E "a comment stands on a line of its own" why "A comment behind a value would be part of a signed line, and formatters lose it." clause "L468" good "  sl_target 3
" bad "  sl_target 3 # as agreed
";
"P023" E "one space stands before `{`" why "One form for one meaning." clause "L468" good "policy box {
" bad "policy box{
";
"P024" E "`}` stands alone on its line" why "One line is one statement." clause "L468" good "  topology single_box
  document_max 1MiB
  image_trust_root enterprise-artifacts
}
" bad "  topology single_box
  document_max 1MiB
  image_trust_root enterprise-artifacts
};
";
"P025" E "a signed document is in canonical form" why "Equal bytes mean equal meaning, so a signature cannot be stretched over two readings." clause "L468" good "" bad "";
"P401" E "a document is not too long" why "The box reads 256 KiB unless its policy says more, and never more than 16 MiB." clause "L468" good "" bad "";
"P402" E "a line has 512 bytes at most" why "A reviewer sees the whole line, and a parser needs no more room than that." clause "L468" good "" bad "";
"P403" E "a document has 65,535 entries at most" why "Whatever is counted has an end." clause "L468" good "" bad "";
"P404" E "an entry has 1,024 fields and blocks at most" why "Whatever is counted has an end." clause "L468" good "" bad "";
"P405" E "a field has 8 values at most" why "Lists are repeated lines, so that a change to one is one line." clause "L468" good "  read holding_register 0 19
" bad "  read holding_register 0 19 1 2 3 4 5 6
";
"P406" E "a key has 32 bytes at most" why "Whatever is counted has an end." clause "L468" good "  sl_target 3
" bad "  security_level_target_of_the_whole_box 3
";
"P407" E "a name has 127 bytes at most" why "Names become firewall comments and log prefixes, which end there." clause "L468" good "party site-ops-manager {
" bad "party aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa {
";
}
