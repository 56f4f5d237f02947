// Says when the ferry leaves. A program of one file, with nothing but Go's standard library.
package main

import (
	"fmt"
	"os"
	"strings"
)

const greeting = "Welcome aboard, {{name}}!"

func main() {
	fmt.Println(greeting)
	if stop := strings.Join(os.Args[1:], " "); stop != "" {
		fmt.Printf("The next ferry to %s leaves at {{hour}}:{{minute}}.\n", stop)
	}
}
