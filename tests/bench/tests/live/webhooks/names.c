// Resolves names that end with ".loopback.example" to this machine, as a public name that points inside does. It is loaded
// with LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  static const char inside[] = ".loopback.example";
  resolver *next = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
  size_t length = name ? strlen(name) : 0, suffix = sizeof inside - 1;
  int is_inside = length > suffix && strcmp(name + length - suffix, inside) == 0;
  return next(is_inside ? "127.0.0.1" : name, service, hints, found);
}
