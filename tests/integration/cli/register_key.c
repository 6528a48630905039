/*
 * tests/integration/cli/register_key.c - program that registers a workload key with an enclave, as
 * one that serves TLS would (docs/identity.md 6.6, 6.7).
 *
 * usage: register_key SOCKET NAME NUMBER
 *
 * The key is Ed25519, of purpose TLS, made from NUMBER (1 to 255): the same number is the same key.
 * Prints what the enclave answers. Exit status: 0 registered, 1 refused or not reached, 2 usage.
 */
#include "apps/enclave/key_requests.h"
#include "tests/unit/platform/key_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Returns: false when the enclave is not there. */
static bool ask(const char *path, const char *line, char *answer, size_t capacity)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = 0;
    ssize_t got = 1;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, line, strlen(line)) != (ssize_t)strlen(line))
        got = 0;
    while (got > 0 && len + 1 < capacity && memchr(answer, '\n', len) == NULL) {
        got = read(fd, answer + len, capacity - 1 - len);
        if (got > 0) len += (size_t)got;
    }
    answer[len] = '\0';
    if (fd >= 0) close(fd);
    return len > 0;
}

int main(int argc, char **argv)
{
    char answer[512], boot_hex[65], chain_hex[65], node_hex[65];
    char entry[2 * ASSAY_DECLARED_KEY_LEN_MAX + 1], proof[129], line[KEY_REQUEST_MAX + 2];
    uint8_t boot[32], chain_id[32], node_id[32];
    struct key_sample s;
    if (argc != 4) return 2;
    if (!ask(argv[1], "key boot\n", answer, sizeof answer)) return 1;
    if (sscanf(answer, "boot %64[0-9a-f] chain %64[0-9a-f] node %64[0-9a-f]", boot_hex, chain_hex,
               node_hex) != 3 ||
        assay_hex_decode(boot_hex, 64, boot, 32) != ASSAY_OK ||
        assay_hex_decode(chain_hex, 64, chain_id, 32) != ASSAY_OK ||
        assay_hex_decode(node_hex, 64, node_id, 32) != ASSAY_OK) {
        (void)fputs(answer, stdout);
        return 1;
    }
    key_sample_make(&s, argv[2], (uint8_t)strtoul(argv[3], NULL, 10), chain_id, node_id, boot);
    assay_hex_encode(s.entry.bytes, s.entry.len, entry, sizeof entry);
    assay_hex_encode(s.boot_proof, 64, proof, sizeof proof);
    (void)snprintf(line, sizeof line, "key register %s %s\n", entry, proof);
    if (!ask(argv[1], line, answer, sizeof answer)) return 1;
    (void)fputs(answer, stdout);
    return strncmp(answer, "ok ", 3) == 0 ? 0 : 1;
}
