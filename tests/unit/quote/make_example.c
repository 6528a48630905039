/*
 * tests/unit/quote/make_example.c - generator of examples/evidence.
 *
 * Make_example FOLDER - the evidence that comes with the tree (examples/evidence): a quote of a
 * trust domain with everything that it is judged by, of an authority of our own, valid until 2033.
 *
 * Run once; a test verifies what it left (tests/integration/cli/evidence/example.sh).
 */
#include "base/base64.h"
#include "base/file/file.h"
#include "tests/unit/quote/intel/td_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void put(const char *folder, const char *name, struct assay_slice bytes)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (assay_file_replace(path, ASSAY_FILE_PUBLIC, bytes) == ASSAY_OK) return;
    (void)fprintf(stderr, "make_example: %s: could not be written\n", path);
    exit(1);
}

static void put_policy(const char *folder, const struct td_world *t)
{
    char text[1024], key[2 * ASSAY_P256_PUBLIC_LEN + 1], mrtd[97];
    assay_hex_encode(t->world->ca.root_public, ASSAY_P256_PUBLIC_LEN, key, sizeof key);
    assay_hex_encode(t->td.mrtd, sizeof t->td.mrtd, mrtd, sizeof mrtd);
    (void)snprintf(text, sizeof text,
                   "# Accepts the one program of quote.bin, under the root that signed its "
                   "collateral.\n"
                   "policy_version: 1\nprofile: production\nkinds: [tdx-v4]\nroots:\n"
                   "  - { name: example, key: \"%s\", kinds: [tdx-v4] }\n"
                   "references:\n  - { field: mrtd, state: allowed, value: \"%s\" }\n",
                   key, mrtd);
    put(folder, "policy.yaml", assay_slice_over(text, strlen(text)));
}

static void put_root(const char *folder, const struct assay_soft_ca *ca)
{
    uint8_t pem[4096];
    size_t len = 0;
    if (assay_pem_put("CERTIFICATE", ca->root_der, ca->root_der_len, pem, sizeof pem, &len) !=
        ASSAY_OK)
        exit(1);
    put(folder, "root_ca.pem", assay_slice_over(pem, len));
}

int main(int argc, char **argv)
{
    char collateral[512];
    if (argc != 2) return 2;
    struct td_world *const t = td_open();
    t->world->terms.issue_unix_s = WORLD_FROM + 86400;
    t->world->terms.next_unix_s = WORLD_TO - 86400;
    td_publish(t);
    td_quote(t);
    if (td_judge(t) != ASSAY_OK || t->world->verdict.tier != ASSAY_TIER_AFFIRMING) return 1;
    (void)snprintf(collateral, sizeof collateral, "%s/collateral", argv[1]);
    (void)mkdir(argv[1], 0755);
    put(argv[1], "quote.bin", assay_slice_over(t->quote, t->quote_len));
    put_root(argv[1], &t->world->ca);
    put_policy(argv[1], t);
    if (assay_soft_bundle_save(&t->world->bundle, collateral) != ASSAY_OK) return 1;
    td_close(t);
    return 0;
}
