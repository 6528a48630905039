/*
 * tests/unit/quote/nvidia/test_claims.c - claims of a device are of the chain that its report's
 * signature leads to, whatever else came with the report.
 */
#include "apps/assay/evidence/claims.h"
#include "tests/unit/quote/nvidia/gpu_world.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_json *read_claims(const struct assay_package *package)
{
    static struct assay_claims claims;
    assay_claims_init(&claims);
    cr_assert_eq(assay_claims_of_nvidia(package, &claims), ASSAY_OK);
    cr_assert(!claims.full);
    return cli_claims_json(&claims);
}

static const char *text_of(const struct assay_json *claims, const char *name)
{
    return assay_json_text(claims, name, "");
}

/* Leaf and device of another world, named so that each could be taken for this one's. */
static void add_device(struct assay_package *package, const struct gpu_world *other, size_t at)
{
    for (size_t i = package->certificate_count; i > at; i--)
        package->certificates[i + 1] = package->certificates[i - 1];
    package->certificates[at] = assay_slice_over(other->ders[GPU_LEAF], other->der_len[GPU_LEAF]);
    package->certificates[at + 1] =
        assay_slice_over(other->ders[GPU_DEVICE], other->der_len[GPU_DEVICE]);
    package->certificate_count += 2;
}

Test(gpu_claims, are_of_the_leaf_that_signed)
{
    struct gpu_world *const w = gpu_world_open(), *const other = gpu_world_open();
    char ueid[2 * ASSAY_SERIAL_LEN + 1];
    other->terms[GPU_LEAF].serial = 77;
    other->terms[GPU_DEVICE].subject = "GB100 A01 FSP BROM";
    other->terms[GPU_LEAF].issuer = "GB100 A01 FSP BROM";
    gpu_world_make(other);
    gpu_world_judge(w);
    const struct assay_certificate leaf = authority_certificate_read(&w->terms[GPU_LEAF]);
    assay_hex_encode(leaf.serial, sizeof leaf.serial, ueid, sizeof ueid);
    for (size_t at = 0; at <= 4; at += 4) {
        struct assay_package package = w->c.whole->package;
        cr_assert_eq(package.certificate_count, 4);
        add_device(&package, other, at);
        struct assay_json *claims = read_claims(&package);
        cr_expect_str_eq(text_of(claims, "ueid"), ueid, "%zu", at);
        cr_expect_str_eq(text_of(claims, "hwmodel"), "GH100 A01 GSP BROM", "%zu", at);
        cr_expect_str_eq(text_of(claims, "architecture"),
                         assay_gpu_architecture_name(ASSAY_GPU_HOPPER), "%zu", at);
        assay_json_free(&claims);
    }
    gpu_world_close(other);
    gpu_world_close(w);
}

/* Without the leaf that signed nothing is said of the device. */
Test(gpu_claims, name_no_device_that_did_not_sign)
{
    struct gpu_world *const w = gpu_world_open(), *const other = gpu_world_open();
    gpu_world_make(other);
    gpu_world_judge(w);
    struct assay_package package = w->c.whole->package;
    package.certificate_count = 0;
    add_device(&package, other, 0);
    struct assay_json *claims = read_claims(&package);
    cr_expect_str_eq(text_of(claims, "ueid"), "");
    cr_expect_str_eq(text_of(claims, "hwmodel"), "");
    assay_json_free(&claims);
    gpu_world_close(other);
    gpu_world_close(w);
}
