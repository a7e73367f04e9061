// Reads the tiles of a log with Go's own tree over tiles, which checks every tile that it reads against the root:
//
//	tilecheck DIR SIZE ROOT RECORD...
//
// prints for each record its leaf hash and the proof that it is in the tree, hexadecimal, or what is wrong.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

type reader struct{ dir string }

func (reader) Height() int                    { return 8 }
func (reader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles reads them where C2SP tlog-tiles has them, which names no height.
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(r.dir, path))
		if err != nil && tile.W < 256 {
			// A tile in part is a prefix of the whole one.
			whole := strings.SplitN(path, ".p/", 2)[0]
			if data, err = os.ReadFile(filepath.Join(r.dir, whole)); err == nil {
				data = data[:tile.W*32]
			}
		}
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func main() {
	size, _ := strconv.ParseInt(os.Args[2], 10, 64)
	root, err := base64.StdEncoding.DecodeString(os.Args[3])
	if err != nil || len(root) != 32 {
		fmt.Println("no root")
		os.Exit(2)
	}
	tree := tlog.Tree{N: size, Hash: tlog.Hash(*(*[32]byte)(root))}
	hashes := tlog.TileHashReader(tree, reader{os.Args[1]})
	for _, arg := range os.Args[4:] {
		record, _ := strconv.ParseInt(arg, 10, 64)
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, record)})
		if err != nil {
			fmt.Println("bad", record, err)
			continue
		}
		proof, err := tlog.ProveRecord(size, record, hashes)
		if err == nil {
			err = tlog.CheckRecord(proof, size, tree.Hash, record, leaf[0])
		}
		if err != nil {
			fmt.Println("bad", record, err)
			continue
		}
		fmt.Printf("ok %d %x", record, leaf[0][:])
		for _, hash := range proof {
			fmt.Printf(" %x", hash[:])
		}
		fmt.Println()
	}
}
