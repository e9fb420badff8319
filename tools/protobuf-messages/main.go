// Prints the protobuf messages of Kubernetes' built-in kinds, with what Go's JSON makes of each field; tools/src/protobuf-messages.ts
// turns it into source. Taken by reflection, since .proto files tell neither pointers from values nor what omitempty leaves out.
package main

import (
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// Betas come and go: they are spoken in JSON.
var stableVersion = regexp.MustCompile(`^v[0-9]+$`)

// Kinds that are no objects of a collection and no bodies of a request.
var unused = regexp.MustCompile(`(List|Options|StatusResult|SerializedReference|RangeAllocation|ComponentStatus)$`)

// Types whose JSON is not that of their fields.
var special = map[string]string{
	"meta/v1.Time":         "time",
	"meta/v1.MicroTime":    "microtime",
	"meta/v1.FieldsV1":     "json",
	"runtime.RawExtension": "json",
	"resource.Quantity":    "quantity",
	"intstr.IntOrString":   "intorstring",
}

var packageNames = strings.NewReplacer(
	"k8s.io/api/", "",
	"k8s.io/apimachinery/pkg/apis/", "",
	"k8s.io/apimachinery/pkg/api/", "",
	"k8s.io/apimachinery/pkg/util/", "",
	"k8s.io/apimachinery/pkg/", "",
)

var messages = map[string]string{}

func nameOf(t reflect.Type) string { return packageNames.Replace(t.PkgPath()) + "." + t.Name() }

// A list of texts that is a message of its own, as map values are (authorization/v1 ExtraValue).
func isWrappedList(t reflect.Type) bool {
	_, marshals := reflect.PointerTo(t).MethodByName("MarshalToSizedBuffer")
	return marshals
}

func wordOf(t reflect.Type) string {
	if word, ok := special[nameOf(t)]; ok {
		return word
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wordOf(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if isWrappedList(t) {
			return "list"
		}
		return "[]" + wordOf(t.Elem())
	case reflect.Map:
		return "{}" + wordOf(t.Elem())
	case reflect.Struct:
		addMessage(t)
		return nameOf(t)
	}
	panic("no protobuf for " + t.String())
}

// What stands in JSON for an empty field: nothing (?), nothing unless it is set (*), null (0), or its zero value.
func emptiness(field reflect.StructField, omits, omitsZero bool) string {
	switch field.Type.Kind() {
	case reflect.Pointer:
		if omits || omitsZero {
			return "*"
		}
		return "0"
	case reflect.Slice, reflect.Map:
		if omits || omitsZero {
			return "?"
		}
		return "0"
	case reflect.Struct:
		if omitsZero {
			return "?"
		}
		return ""
	}
	if omits || omitsZero {
		return "?"
	}
	return ""
}

func addMessage(t reflect.Type) {
	name := nameOf(t)
	if _, known := messages[name]; known {
		return
	}
	messages[name] = ""
	var fields []string
	for index := range t.NumField() {
		field := t.Field(index)
		if field.Type == reflect.TypeFor[metav1.TypeMeta]() {
			continue
		}
		wire := strings.Split(field.Tag.Get("protobuf"), ",")
		jsonName, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if len(wire) < 2 {
			panic("no protobuf tag on " + name + "." + field.Name)
		}
		if jsonName == "" {
			fields = append(fields, fmt.Sprintf("@ %s %s", wire[1], wordOf(field.Type)))
			continue
		}
		mark := emptiness(field, strings.Contains(options, "omitempty"), strings.Contains(options, "omitzero"))
		fields = append(fields, fmt.Sprintf("%s %s %s%s", jsonName, wire[1], mark, wordOf(field.Type)))
	}
	messages[name] = strings.Join(fields, ",")
}

func main() {
	known := scheme.Scheme.AllKnownTypes()
	var kinds []string
	for kind, t := range known {
		isBuiltIn := strings.HasPrefix(t.PkgPath(), "k8s.io/api/") && stableVersion.MatchString(kind.Version)
		if _, ok := t.FieldByName("TypeMeta"); !ok || !isBuiltIn || unused.MatchString(kind.Kind) {
			continue
		}
		message := wordOf(t)
		if _, listed := known[kind.GroupVersion().WithKind(kind.Kind+"List")]; listed {
			plural, _ := meta.UnsafeGuessKindToResource(kind)
			kinds = append(kinds, fmt.Sprintf("kind %s %s: %s %s", kind.GroupVersion(), plural.Resource, kind.Kind, message))
		}
	}
	wordOf(reflect.TypeFor[metav1.Status]())
	wordOf(reflect.TypeFor[metav1.DeleteOptions]())
	sort.Strings(kinds)
	for _, line := range kinds {
		fmt.Println(line)
	}
	names := make([]string, 0, len(messages))
	for name := range messages {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("message %s: %s\n", name, messages[name])
	}
}
