// Tells over HTTP when the water is high. It needs nothing but Go's standard library.
//
// It speaks HTTP by hand, in a few lines, so that it compiles in seconds: a real service would import net/http.
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"net"
	"os"
	"strings"
)

// The table becomes a part of the program when it is compiled.
//
//go:embed tides.csv
var tides string

func main() {
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening on port 8080")
	for {
		if connection, err := listener.Accept(); err == nil {
			go answer(connection)
		}
	}
}

func answer(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	request, err := reader.ReadString('\n')
	for line := request; err == nil && strings.TrimSpace(line) != ""; {
		line, err = reader.ReadString('\n')
	}
	status, body := "200 OK", "High water at {{harbour}}\n"+tides
	if !strings.HasPrefix(request, "GET / ") {
		status, body = "404 Not Found", "There is no such page.\n"
	}
	fmt.Fprintf(connection, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"+
		"Connection: close\r\n\r\n%s", status, len(body), body)
}
