/*
 * tests/unit/tpm/make_paravisor.c - files of a paravisor over SNP or TDX, or of an SVSM, whose TPM
 * quotes the SHA-256 of report data: in DIR/report.bin the paravisor's report, in DIR/pieces all
 * else. Prints the root key as "root: hex", and of an SNP guest its measurement.
 *
 * usage: make_paravisor DIR snp|tdx|svsm REPORT_DATA
 */
#include "quote/package.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dir;

static void write_file(const char *name, struct assay_slice bytes)
{
    char path[512];
    if (bytes.len == 0) return;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.bytes, 1, bytes.len, file) != bytes.len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_all(const struct vtpm *v)
{
    struct assay_package p;
    char name[32];
    const enum assay_evidence_kind kind = v->is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP;
    if (assay_package_read(kind, v->evidence, v->len, &p) != ASSAY_OK) exit(1);
    write_file("report.bin", p.hardware);
    write_file("pieces/attest.bin", p.main);
    write_file("pieces/signature.bin", p.signature);
    write_file("pieces/values.bin", p.pcrs);
    write_file("pieces/key.der", p.key);
    write_file("pieces/quote.bin", p.quote);
    for (size_t i = 0; i < p.certificate_count; i++) {
        (void)snprintf(name, sizeof name, "pieces/%zu.der", i);
        write_file(name, p.certificates[i]);
    }
    const struct assay_key *const root = &v->endorsements.entries[0].root;
    (void)printf("root: ");
    for (size_t i = 0; i < root->len; i++)
        (void)printf("%02x", root->bytes[i]);
    if (!v->is_tdx) (void)printf("\nmeasurement: ");
    for (size_t i = 0; i < 48 && !v->is_tdx; i++)
        (void)printf("%02x", v->snp->report[ASSAY_SNP_AT_MEASUREMENT + i]);
    (void)putchar('\n');
}

int main(int argc, char **argv)
{
    uint8_t data[ASSAY_REPORT_DATA_LEN];
    if (argc != 4 || assay_hex_decode(argv[3], strlen(argv[3]), data, sizeof data) != ASSAY_OK) {
        (void)fputs("usage: make_paravisor DIR snp|tdx|svsm REPORT_DATA; 64 bytes\n", stderr);
        return 2;
    }
    dir = argv[1];
    struct vtpm *const v = vtpm_open(strcmp(argv[2], "tdx") == 0);
    assay_sha256(data, sizeof data, v->nonce);
    v->nonce_len = ASSAY_SHA256_LEN;
    if (strcmp(argv[2], "svsm") == 0) vtpm_take_svsm(v, VTPM_SVSM_TABLE);
    vtpm_build(v);
    write_all(v);
    vtpm_close(v);
    return 0;
}
