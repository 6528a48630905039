/*
 * apps/assay/setup/setup_unit.c - `assay setup node --unit`: node in the paths of assayd.service.
 *
 * The unit reads /etc/assay/assayd.yaml, which its user may read and not write, keeps keys, state
 * and enclave in /var/lib/assay, which is that user's alone, and has its sockets in /run/assay
 * (docs/configuration.md, section 9). Keys are made as that user; what root itself puts into that
 * folder, it creates and never follows.
 */
#include "apps/assay/setup/setup.h"

#include "apps/assay/core/options.h"
#include "base/file/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GENESIS_LEN_MAX = 64 << 20 };

static const char user_name[] = "assay", genesis_path[] = "/etc/assay/genesis";

int cli_setup_unit_init(struct assay_setup *s)
{
    if (s->dir != NULL || s->admin != NULL)
        return cli_misuse(
            "--unit fixes the paths: /var/lib/assay, /run/assay/admin.sock; leave out %s",
            s->dir != NULL ? "--dir" : "--admin");
    if (geteuid() != 0) return cli_misuse("--unit writes to /etc/assay: it wants to be root");
    if (getpwnam(user_name) == NULL || access("/etc/assay", F_OK) != 0 ||
        access("/var/lib/assay", F_OK) != 0) {
        (void)fprintf(
            stderr,
            "assay setup node: there is no user %s with /etc/assay and /var/lib/assay; the package "
            "assayd makes them, or systemd-sysusers and systemd-tmpfiles --create\n",
            user_name);
        return ASSAY_EXIT_NOT_FOUND;
    }
    s->dir = "/var/lib/assay";
    s->config = "/etc/assay/assayd.yaml";
    s->admin = "/run/assay/admin.sock";
    /* Where a signer's user may register its key (packaging/systemd/assay.tmpfiles). */
    s->socket = access("/run/assay-services/keys", F_OK) == 0
                    ? "/run/assay-services/keys/enclave.sock"
                    : "/run/assay/enclave.sock";
    return -1;
}

static bool same_bytes(const char *path, const uint8_t *bytes, size_t len)
{
    uint8_t *other = NULL;
    size_t other_len = 0;
    const bool same = assay_file_read(path, GENESIS_LEN_MAX, &other, &other_len) == ASSAY_OK &&
                      other_len == len && assay_bytes_equal(other, bytes, len);
    free(other);
    return same;
}

int cli_setup_unit_genesis(struct assay_setup *s)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *const given = s->genesis;
    s->genesis = genesis_path;
    enum assay_status status = assay_file_read(given, GENESIS_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_OK; /* it may come later */
    if (status == ASSAY_OK)
        status = assay_file_create(genesis_path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, len));
    if (status == ASSAY_E_DUPLICATE && same_bytes(genesis_path, bytes, len)) status = ASSAY_OK;
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(
        stderr, "assay setup node: %s: %s\n", status == ASSAY_E_DUPLICATE ? genesis_path : given,
        status == ASSAY_E_DUPLICATE ? "it is there already, another one, and is not overwritten"
                                    : assay_status_text(status));
    return status == ASSAY_E_DUPLICATE ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_INTERNAL;
}

int cli_setup_unit_chown(const char *path)
{
    const struct passwd *const user = getpwnam(user_name);
    if (user != NULL && lchown(path, user->pw_uid, user->pw_gid) == 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup node: %s: %s\n", path, strerror(errno));
    return ASSAY_EXIT_INTERNAL;
}

void cli_setup_unit_print_next(const struct assay_setup *s)
{
    static const char examples[] = "/usr/share/doc/assayd/systemd";
    const bool device =
        strcmp(s->kind, "tpm") == 0 || strcmp(s->kind, "nsm") == 0 || strcmp(s->kind, "tsm") == 0;
    (void)printf(
        "  assay node request --out %s.request    for the operators, to add it to a network\n",
        s->name);
    if (device)
        (void)printf("  install -D -t /etc/systemd/system/assayd.service.d %s/%s.conf && systemctl "
                     "daemon-reload\n",
                     examples, s->kind);
    (void)printf("  assay doctor\n  systemctl start assayd\n  assay status\n");
}
