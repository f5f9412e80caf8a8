package benchmarks

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The flags come after the package: go test -bench . ./benchmarks -full
var (
	fullFlag    = flag.Bool("full", false, "measure every shape, type and depth also with -bench .")
	levelFlag   = flag.String("level", "", "instruction `level`, such as avx2; the best of the machine by default")
	modelsFlag  = flag.String("models", filepath.Join(os.TempDir(), "ember-benchmarks"), "`folder` of the model files")
	keepFlag    = flag.Bool("keep", false, "keep model files of more than 1 GiB too")
	cleanFlag   = flag.Bool("clean", false, "remove the folder of the model files, and measure nothing")
	roundsFlag  = flag.Int("rounds", 3, "`times` that each engine has its turn in BenchmarkPeers")
	childFlag   = flag.String("child", "", "for BenchmarkFirstToken, which starts this program again: the model `file`")
	threadsFlag = flag.Int("child-threads", 1, "for -child: the number of `threads`")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *cleanFlag {
		if err := os.RemoveAll(*modelsFlag); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// selective says that some benchmarks were chosen by a pattern, or all of them by -full. With -bench . alone those that
// take long and tell little more are left out.
func selective() bool {
	pattern := flag.Lookup("test.bench").Value.String()
	return *fullFlag || pattern != "." && pattern != ""
}
