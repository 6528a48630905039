/*
 * apps/assay/setup/setup_services.c - `assay setup local --services`: configurations of the service
 * programs next to each node, and the keys that seal their stores.
 */
#include "apps/assay/core/options.h"
#include "apps/assay/setup/setup.h"
#include "apps/loopback.h"
#include "base/crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PRICE = 1, KEY_LEN = 32 };

/* A port of its own: behind those of the nodes, or a free one. */
static unsigned port_of(unsigned long first, unsigned long nodes, unsigned turn, unsigned long n)
{
    unsigned port = 0;
    if (first != 0) return (unsigned)(first + nodes * turn + n - 1);
    const int fd = demo_loopback_bind(&port);
    if (fd >= 0) (void)close(fd);
    return port;
}

/* Random bytes that their owner alone reads. */
static int make_key(const char *path)
{
    uint8_t key[KEY_LEN];
    if (assay_random(key, sizeof key) != ASSAY_OK) return ASSAY_EXIT_INTERNAL;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written = fd >= 0 && write(fd, key, sizeof key) == (ssize_t)sizeof key;
    const bool closed = fd >= 0 && close(fd) == 0;
    assay_secret_wipe(key, sizeof key);
    if (written && closed) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup: %s: cannot be written\n", path);
    return ASSAY_EXIT_INTERNAL;
}

/* What evidence calls the measurement of SOFT is the program's digest; offers name the digest of
 * that. Returns: whether the program could be read. */
static bool code_of(const char *enclave, char text[static 65])
{
    uint8_t digest[32], *bytes = NULL;
    size_t len = 0;
    if (assay_file_read(enclave, (size_t)1 << 30, &bytes, &len) != ASSAY_OK) return false;
    assay_sha256(bytes, len, digest);
    free(bytes);
    assay_sha256(digest, sizeof digest, digest);
    assay_hex_encode(digest, sizeof digest, text, 65);
    return true;
}

static int write_replica(const char *folder, unsigned port)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   "service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%u\ngroup: 0\n",
                   port);
    return cli_setup_write(cli_setup_path(folder, "replica.yaml"), text);
}

static int write_holder(const char *folder, unsigned port, unsigned client_port)
{
    char text[256];
    (void)snprintf(
        text, sizeof text,
        "service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%u\n"
        "client_listen: 127.0.0.1:%u\ncluster: 0\nstore: holder.vault\nkey: programs.key\n",
        port, client_port);
    return cli_setup_write(cli_setup_path(folder, "holder.yaml"), text);
}

static int write_executor(const char *folder, unsigned port, const char *code, const char *account)
{
    char text[384];
    (void)snprintf(text, sizeof text,
                   "service_version: 1\ndaemon: admin.svcs\nlisten: 127.0.0.1:%u\n"
                   "store: executor.vault\nkey: programs.key\ncode: \"%s\"\nprice: %d\n"
                   "account: \"%s\"\n",
                   port, code, (int)PRICE, account);
    return cli_setup_write(cli_setup_path(folder, "executor.yaml"), text);
}

static int write_signer(const struct assay_setup_programs *p, const char *folder, unsigned port)
{
    char text[320], genesis[PATH_MAX];
    (void)snprintf(genesis, sizeof genesis, "%s", cli_setup_path(p->dir, "genesis"));
    const char *const checkpoint[] = {
        "checkpoint", "--genesis", genesis, "--out", cli_setup_path(folder, "checkpoint"), NULL
    };
    const int made = cli_setup_run(NULL, checkpoint);
    if (made != ASSAY_EXIT_OK) return made;
    (void)snprintf(text, sizeof text,
                   "service_version: 1\ndaemon: admin.svcs\nenclave: service.sock\n"
                   "checkpoint: checkpoint\nlisten: 127.0.0.1:%u\nstore: signer\n"
                   "key: programs.key\n",
                   port);
    return cli_setup_write(cli_setup_path(folder, "signer.yaml"), text);
}

/* With the account that is paid. */
static int write_services(const struct assay_setup_programs *p, const char *folder, unsigned long n)
{
    char code[65], account[80];
    if (!code_of(p->enclave, code)) return ASSAY_EXIT_INTERNAL;
    const char *const pay[] = { "account", "create", "--out", cli_setup_path(folder, "account.key"),
                                NULL };
    const char *const said = cli_setup_path(folder, "account.pub");
    int made = cli_setup_run(said, pay);
    if (made == ASSAY_EXIT_OK && !cli_setup_value(said, "account", account, sizeof account))
        made = ASSAY_EXIT_INTERNAL;
    if (made == ASSAY_EXIT_OK && p->shares)
        made = write_replica(folder, port_of(p->port, p->nodes, 1, n));
    if (made == ASSAY_EXIT_OK && p->shares)
        made = write_holder(folder, port_of(p->port, p->nodes, 2, n),
                            port_of(p->port, p->nodes, 3, n));
    if (made == ASSAY_EXIT_OK)
        made = write_executor(folder, port_of(p->port, p->nodes, 4, n), code, account);
    return made;
}

int cli_setup_programs(const struct assay_setup_programs *p, unsigned long n)
{
    char folder[PATH_MAX], name[32];
    (void)snprintf(name, sizeof name, "node-%lu", n);
    (void)snprintf(folder, sizeof folder, "%s", cli_setup_path(p->dir, name));
    int made = make_key(cli_setup_path(folder, "programs.key"));
    if (made == ASSAY_EXIT_OK && p->services) made = write_services(p, folder, n);
    if (made == ASSAY_EXIT_OK && p->identity)
        made = write_signer(p, folder, port_of(p->port, p->nodes, 5, n));
    return made;
}
