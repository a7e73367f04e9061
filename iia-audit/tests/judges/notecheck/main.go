// Judges our notes and proofs with golang.org/x/mod/sumdb, which is not ours.
//
// Reads one case a line, fields separated by tabs, binary fields in base64:
//
//	note  vkey note                 a note signed by that key, type 0x01
//	cosig vkey note                 a note with a cosignature/v1 by that key, type 0x04
//	tree  leaves roots              32-byte leaves; the root of every size from 1
//	incl  size index proof          inclusion in the newest tree, hashes one behind the other
//	cons  size old proof            consistency in the newest tree
//	sign  name text                 asks for a note signed by a new key of ours: prints "signed vkey note"
//
// Every case must be accepted as it is and refused with any one bit turned. Prints "ok kind accepted refused loose"
// for each; loose counts bits of base64 padding that Go's decoder does not look at. Ends with status 1 at the first
// disagreement.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var (
	leaves []tlog.Hash // record hashes of the newest tree
	roots  []tlog.Hash // roots[n-1] is the root of the first n
	stored []tlog.Hash // as tlog stores them
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		switch f[0] {
		case "note":
			notes(f[0], must(note.NewVerifier(f[1])), decode(f[2]))
		case "cosig":
			notes(f[0], cosigner(f[1]), decode(f[2]))
		case "tree":
			tree(decode(f[1]), decode(f[2]))
		case "incl":
			inclusion(number(f[1]), number(f[2]), decode(f[3]))
		case "cons":
			consistency(number(f[1]), number(f[2]), decode(f[3]))
		case "sign":
			sign(f[1], string(decode(f[2])))
		default:
			fail("unknown case %q", f[0])
		}
	}
}

func notes(kind string, verifier note.Verifier, text []byte) {
	known := note.VerifierList(verifier)
	opened, err := note.Open(text, known)
	if err != nil || len(opened.Sigs) != 1 {
		fail("%s refused: %v\n%s", kind, err, text)
	}
	refused, loose := 0, 0
	for at := range text {
		for bit := 0; bit < 8; bit++ {
			bent := append([]byte(nil), text...)
			bent[at] ^= 1 << bit
			got, err := note.Open(bent, known)
			switch {
			case err != nil:
				refused++
			case got.Text == opened.Text && blobs(bent) == blobs(text):
				loose++
			default:
				fail("%s accepted with bit %d of byte %d turned", kind, bit, at)
			}
		}
	}
	fmt.Println("ok", kind, 1, refused, loose)
}

// blobs is what the signature lines of a note decode to.
func blobs(text []byte) string {
	all := ""
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Split(line, " "); len(f) == 3 && f[0] == "\u2014" {
			blob, _ := base64.StdEncoding.DecodeString(f[2])
			all += f[1] + string(blob) + "\n"
		}
	}
	return all
}

// cosignature verifies C2SP tlog-cosignature v1, which x/mod does not know.
type cosignature struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func cosigner(vkey string) note.Verifier {
	f := strings.SplitN(vkey, "+", 3)
	key := decode(f[2])
	sum := sha256.Sum256(append([]byte(f[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if key[0] != 4 || fmt.Sprintf("%08x", hash) != f[1] {
		fail("not the key hash of %s", vkey)
	}
	return cosignature{f[0], hash, key[1:]}
}

func (c cosignature) Name() string    { return c.name }
func (c cosignature) KeyHash() uint32 { return c.hash }
func (c cosignature) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func reader(indexes []int64) ([]tlog.Hash, error) {
	found := []tlog.Hash{}
	for _, index := range indexes {
		found = append(found, stored[index])
	}
	return found, nil
}

// tree builds the tree from the leaves and compares the root of every size.
func tree(data, want []byte) {
	leaves, roots, stored = nil, nil, nil
	for n := int64(0); len(data) > 0; n++ {
		more := must(tlog.StoredHashes(n, data[:32], tlog.HashReaderFunc(reader)))
		stored = append(stored, more...)
		leaves = append(leaves, tlog.RecordHash(data[:32]))
		root := must(tlog.TreeHash(n+1, tlog.HashReaderFunc(reader)))
		if !bytes.Equal(root[:], want[:32]) {
			fail("another root of size %d", n+1)
		}
		roots = append(roots, root)
		data, want = data[32:], want[32:]
	}
	fmt.Println("ok", "tree", len(roots), 0, 0)
}

func inclusion(size, index int64, proof []byte) {
	ours := hashes(proof)
	theirs := must(tlog.ProveRecord(size, index, tlog.HashReaderFunc(reader)))
	same("incl", proof, theirs)
	check := func(proof []tlog.Hash, root, leaf tlog.Hash) error {
		return tlog.CheckRecord(tlog.RecordProof(proof), size, root, index, leaf)
	}
	judge("incl", ours, []tlog.Hash{roots[size-1], leaves[index]}, func(p, ends []tlog.Hash) error {
		return check(p, ends[0], ends[1])
	})
}

func consistency(size, old int64, proof []byte) {
	ours := hashes(proof)
	theirs := must(tlog.ProveTree(size, old, tlog.HashReaderFunc(reader)))
	same("cons", proof, tlog.RecordProof(theirs))
	judge("cons", ours, []tlog.Hash{roots[size-1], roots[old-1]}, func(p, ends []tlog.Hash) error {
		return tlog.CheckTree(tlog.TreeProof(p), size, ends[0], old, ends[1])
	})
}

func same(kind string, ours []byte, theirs tlog.RecordProof) {
	joined := []byte{}
	for _, hash := range theirs {
		joined = append(joined, hash[:]...)
	}
	if !bytes.Equal(ours, joined) {
		fail("%s: another proof than tlog makes", kind)
	}
}

// judge accepts the proof as it is and refuses it with any bit turned, of the proof or of the two hashes at its ends.
func judge(kind string, proof, ends []tlog.Hash, check func(proof, ends []tlog.Hash) error) {
	if err := check(proof, ends); err != nil {
		fail("%s refused: %v", kind, err)
	}
	refused := 0
	for _, list := range [][]tlog.Hash{proof, ends} {
		for at := range list {
			for bit := 0; bit < 256; bit++ {
				list[at][bit/8] ^= 1 << (bit % 8)
				if check(proof, ends) == nil {
					fail("%s accepted with bit %d of hash %d turned", kind, bit, at)
				}
				list[at][bit/8] ^= 1 << (bit % 8)
				refused++
			}
		}
	}
	fmt.Println("ok", kind, 1, refused, 0)
}

func sign(name, text string) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		fail("%v", err)
	}
	signed := must(note.Sign(&note.Note{Text: text}, must(note.NewSigner(skey))))
	fmt.Printf("signed\t%s\t%s\n", vkey, base64.StdEncoding.EncodeToString(signed))
}

func hashes(data []byte) (found []tlog.Hash) {
	for ; len(data) >= 32; data = data[32:] {
		var hash tlog.Hash
		copy(hash[:], data)
		found = append(found, hash)
	}
	return found
}

func decode(text string) []byte { return must(base64.StdEncoding.DecodeString(text)) }
func number(text string) int64  { return must(strconv.ParseInt(text, 10, 64)) }

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

func fail(format string, details ...any) {
	fmt.Printf(format+"\n", details...)
	os.Exit(1)
}
