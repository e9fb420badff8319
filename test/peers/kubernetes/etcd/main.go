// Etcd built from the Go module proxy: Debian's is too old for the watch progress requests that kube-apiserver's WatchList needs.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
