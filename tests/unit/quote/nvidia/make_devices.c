/*
 * tests/unit/quote/nvidia/make_devices.c - files of GPUs and switches of the tests' own vendor,
 * which answer a challenge: reports in DIR, certificates in DIR/chains, manifests and an OCSP
 * response in DIR/known. Prints the nonce that they signed, and the root keys, as "name: hex".
 *
 * usage: make_devices DIR CHALLENGE [INDEX [KEYS MACHINE AT [GPUS SWITCHES]]]: with INDEX, unless
 * -1, that measurement of the last GPU is wrong, or with "switch-INDEX" of the last switch. There
 * are two GPUs and a switch, unless there are numbers. With KEYS it is the machine of that number
 * in each run, and its vendor answers at the UNIX time AT: lists of all authorities are in
 * DIR/known, too, as for a network.
 */
#include "base/file/file.h"
#include "tests/unit/quote/nvidia/device_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dir;

static void write_file(const char *name, unsigned number, const char *end, const void *bytes,
                       size_t len)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s%u.%s", dir, name, number, end);
    FILE *const file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void print_hex(const char *name, const uint8_t *bytes, size_t len)
{
    (void)printf("%s: ", name);
    for (size_t i = 0; i < len; i++)
        (void)printf("%02x", bytes[i]);
    (void)putchar('\n');
}

/* A list of an authority, and its certificate, which shows whose list that is. */
static void write_list(struct gpu_world *g, unsigned link, int64_t at_s)
{
    uint8_t der[AUTHORITY_DER_MAX];
    const struct authority_crl list = { .issuer = g->terms[link].subject,
                                        .signer = g->keys[link],
                                        .alg = ASSAY_SIGNATURE_ECDSA_SHA384,
                                        .number = 1,
                                        .from_s = at_s - 3600,
                                        .to_s = at_s + 864000 };
    write_file("known/list", link, "crl", der, authority_crl_make(&list, der));
    write_file("known/authority", link, "der", g->ders[link], g->der_len[link]);
}

static void write_lists(struct gpu_world *g, int64_t at_s)
{
    static const unsigned links[] = { GPU_ROOT, GPU_FAMILY, GPU_ICA, GPU_RIM_ROOT, GPU_RIM_CA };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        write_list(g, links[i], at_s);
}

static void write_all(struct device_world *w)
{
    unsigned of_kind[2] = { 0, 0 };
    gpu_world_make(w->gpu);
    for (unsigned i = 0; i < w->count; i++) {
        const struct device_sample *const s = &w->samples[i];
        write_file(w->is_switch[i] ? "switch" : "gpu", of_kind[w->is_switch[i]]++, "bin", s->report,
                   s->report_len);
        for (unsigned k = 0; k < DEVICE_CERTIFICATES; k++)
            write_file("chains/", DEVICE_CERTIFICATES * i + k, "der", s->ders[k], s->der_len[k]);
    }
    for (unsigned i = 0; i < 2; i++)
        write_file("known/", i, "xml", w->gpu->manifests[i].xml, w->gpu->manifests[i].len);
    write_file("known/", 2, "xml", w->switch_manifest.xml, w->switch_manifest.len);
    write_file("known/", 0, "der", w->gpu->ocsp, w->gpu->ocsp_len);
    print_hex("nonce", w->gpu->nonce, sizeof w->gpu->nonce);
    print_hex("devices", w->gpu->c.roots[0].bytes, w->gpu->c.roots[0].len);
    print_hex("manifests", w->gpu->c.roots[1].bytes, w->gpu->c.roots[1].len);
}

int main(int argc, char **argv)
{
    uint8_t challenge[ASSAY_REPORT_DATA_LEN];
    if (argc < 3 ||
        assay_hex_decode(argv[2], strlen(argv[2]), challenge, sizeof challenge) != ASSAY_OK) {
        (void)fputs("usage: make_devices DIR CHALLENGE [INDEX [KEYS MACHINE AT [GPUS SWITCHES]]]; "
                    "a challenge of 64 bytes\n",
                    stderr);
        return 2;
    }
    dir = argv[1];
    static const char of_switch[] = "switch-";
    const bool is_switch = argc > 3 && strncmp(argv[3], of_switch, sizeof of_switch - 1) == 0;
    const char *const index = is_switch  ? argv[3] + sizeof of_switch - 1
                              : argc > 3 ? argv[3]
                                         : "-1";
    const int changed = (int)strtol(index, NULL, 10) + 1;
    const bool is_kept = argc > 6;
    const int64_t at_s = is_kept ? strtoll(argv[6], NULL, 10) : GPU_AT;
    const uint64_t machine = is_kept ? strtoull(argv[5], NULL, 10) : 0;
    struct device_world *const w =
        device_world_open_in(is_kept ? argv[4] : NULL, machine, challenge, is_switch ? 0 : changed);
    if (is_switch || argc > 8)
        device_world_fill(w, machine, argc > 8 ? strtoul(argv[7], NULL, 10) : 2,
                          argc > 8 ? strtoul(argv[8], NULL, 10) : 1, changed, is_switch);
    w->gpu->ocsp_from_s = at_s - 3600;
    w->gpu->ocsp_to_s = at_s + (is_kept ? 864000 : 3600);
    write_all(w);
    if (is_kept) write_lists(w->gpu, at_s);
    device_world_close(w);
    return 0;
}
