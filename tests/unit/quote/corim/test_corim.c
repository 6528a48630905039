/*
 * tests/unit/quote/corim/test_corim.c - tests of import and export of CoRIM manifests.
 *
 * Manifests of other makers are modelled on the examples of draft-ietf-rats-corim (cddl/examples)
 * and of the profiles that corim_table.c names.
 */
#include "quote/accept/corim.h"
#include "quote/cose.h"
#include "quote/yaml.h"
#include "tests/unit/quote/corim/diag.h"
#include "tests/unit/quote/cose/maker.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST_MAX = 65536 };

#define A32 "h'44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b'"
#define B32 "h'50aa341af9cb20a879440e58dd6581c14fa14bccafb75f488259262d6ea3a4d9'"
#define A48                                                                                        \
    "h'44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b00112233445566778899aabbc"  \
    "cddeeff'"
#define B48                                                                                        \
    "h'54aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b00112233445566778899aabbc"  \
    "cddeeff'"

/* The frame of every manifest below: an id, one tag, members of the manifest, triples. */
#define FRAME(members, tag_members, triples)                                                       \
    "501({0: \"id\", 1: [506(<<{1: {0: \"tag\", 1: 0}, 4: {" triples "}" tag_members               \
    "}>>)]" members "})"
#define CORIM(members, triples) FRAME(members, "", "0: [" triples "]")
#define TRIPLE(class, ...)      "[{0: " class "}, [" __VA_ARGS__ "]]"
#define SGX_CLASS               "{1: \"Intel\", 2: \"SGX\"}"
#define TDX_CLASS               "{1: \"Intel\", 2: \"TDX\"}"
#define DIGEST32(value)         "2: [[1, " value "]]"
#define DIGEST48(value)         "2: [[7, " value "]]"
#define ENCLAVE(value)          "{0: \"mrenclave\", 1: {" DIGEST32(value) "}}"
#define PLAIN                   TRIPLE(SGX_CLASS, ENCLAVE(A32))
#define OURS                    ", 3: 32(\"tag:assay,2026:reference-values#1\")"

static struct assay_corim corim;
static struct assay_where where;

static size_t put(const char *text, uint8_t *memory)
{
    struct assay_writer w = assay_writer_over(memory, MANIFEST_MAX);
    struct assay_slice bytes;
    diag_put(text, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    return bytes.len;
}

static enum assay_status read_text(const char *text, bool partial)
{
    static uint8_t memory[MANIFEST_MAX];
    const struct assay_corim_options options = { .partial = partial };
    const size_t len = put(text, memory);
    return assay_corim_read(memory, len, &options, &corim, &where);
}

static bool is_value(const struct assay_reference *r, const char *hex)
{
    uint8_t bytes[64];
    const size_t len = (strlen(hex) - 3) / 2; /* h'...' */
    cr_assert_eq(assay_hex_decode(hex + 2, 2 * len, bytes, len), ASSAY_OK);
    return r->value_len == len && assay_bytes_equal(r->value, bytes, len);
}

/* --- what is read */
Test(quote_corim, reads_a_digest_of_a_class_that_it_knows)
{
    cr_assert_eq(read_text(CORIM("", PLAIN), false), ASSAY_OK, "%s", where.field);
    cr_assert_eq(corim.reference_count, 1);
    const struct assay_reference *const r = &corim.references[0];
    cr_expect(r->field == ASSAY_REFERENCE_MRENCLAVE && r->state == ASSAY_REFERENCE_ALLOWED);
    cr_expect(is_value(r, A32));
    cr_expect(!r->has_not_before && !r->has_not_after && r->isvsvn_min == 0);
    cr_expect_str_eq(corim.id, "id");
    cr_expect_eq(corim.profile, ASSAY_CORIM_PROFILE_NONE);
}

/* Each row: a manifest with one entry, and which. */
static const struct {
    const char *text;
    enum assay_corim_profile profile;
    enum assay_reference_field field;
    const char *value;
} single[] = {
    { CORIM("", TRIPLE(TDX_CLASS, "{0: \"mrtd\", 1: {" DIGEST48(A48) "}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_MRTD, A48 },
    { CORIM("", TRIPLE(TDX_CLASS, "{1: {14: {2: [[7, " A48 "]]}}}")), ASSAY_CORIM_PROFILE_NONE,
      ASSAY_REFERENCE_RTMR2, A48 },
    { CORIM("", TRIPLE(TDX_CLASS, "{1: {14: {\"rtmr3\": [[7, " A48 "]]}}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_RTMR3, A48 },
    { CORIM("", TRIPLE("{1: \"TCG\", 2: \"TPM 2.0\"}", "{1: {14: {23: [[1, " A32 "]]}}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_PCR0 + 23, A32 },
    { CORIM("", TRIPLE("{1: \"AWS\", 2: \"Nitro\"}", "{1: {14: {0: [[7, " A48 "]]}}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_PCR0, A48 },
    { CORIM("", TRIPLE("{1: \"Arm\", 2: \"CCA\"}", "{0: \"rem2\", 1: {" DIGEST32(A32) "}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_REM2, A32 },
    { CORIM("", TRIPLE("{1: \"AMD\", 2: \"SEV-SNP\"}", "{0: \"host_data\", 1: {4: 560(" A32 ")}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_HOST_DATA, A32 },
    /* other names of the hash; digests of other algorithms are for others */
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrsigner\", 1: {2: [[\"sha-256\", " A32 "]]}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_MRSIGNER, A32 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrsigner\", 1: {2: [[-16, " A32 "], [7, " A48
                                  "], [\"my-alg\", h'deadbeef']]}}")),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_MRSIGNER, A32 },
    /* debug off is demanded anyhow; names and versions are labels; an entity, a language */
    { FRAME(", 5: [{0: \"ACME\"}]", ", 0: \"en\", 2: [{0: \"ACME\", 2: [0]}]",
            "0: [" TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {0: {0: \"1.0\", 1: 16384}, "
                                     "11: \"name\", 3: {3: false}, " DIGEST32(A32) "}}") "]"),
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_MRENCLAVE, A32 },
    /* a tag that supplements another one; ids as UUIDs */
    { "501({0: h'284e6c3e5d9f4f6b851f5a4247f243a7', 1: [506(<<{1: {0: h'3f06'}, 3: [{0: h'aa', 1: "
      "0}], 4: {0: [" PLAIN "]}}>>)]})",
      ASSAY_CORIM_PROFILE_NONE, ASSAY_REFERENCE_MRENCLAVE, A32 },
    /* profiles of others, in each way of naming one */
    { CORIM(", 3: 32(\"tag:microsoft.com,2026:launch-measurement/v1\")",
            TRIPLE(TDX_CLASS, "{0: \"MRTD\", 1: {" DIGEST48(A48) "}}")),
      ASSAY_CORIM_PROFILE_LAUNCH, ASSAY_REFERENCE_MRTD, A48 },
    { CORIM(", 3: \"tag:microsoft.com,2026:launch-measurement/v1\"",
            TRIPLE("{1: \"AMD\", 2: \"SEV-SNP\"}", "{0: \"MEASUREMENT\", 1: {" DIGEST48(A48) "}}")),
      ASSAY_CORIM_PROFILE_LAUNCH, ASSAY_REFERENCE_SNP_MEASUREMENT, A48 },
    { CORIM(", 3: 32(\"tag:amd.com,2025:snp-corim-profile\")",
            TRIPLE("{0: 111(h'2b060104019c780301')}", "{0: 641, 1: {" DIGEST48(A48) "}}")),
      ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_SNP_MEASUREMENT, A48 },
    { CORIM(", 3: [32(\"tag:amd.com,2024:snp-corim-profile\")]",
            TRIPLE("{0: 111(h'2b060104019c780302')}", "{0: 643, 1: {4: 560(" A48 ")}}")),
      ASSAY_CORIM_PROFILE_AMD, ASSAY_REFERENCE_ID_KEY_DIGEST, A48 },
    { CORIM(", 3: 32(\"tag:arm.com,2025:cca_realm#1.0.0\")",
            TRIPLE("{0: 560(" A32 ")}", "{0: \"cca.rim\", 1: {" DIGEST32(A32) "}}")),
      ASSAY_CORIM_PROFILE_CCA_REALM, ASSAY_REFERENCE_RIM, A32 },
    { CORIM(OURS, PLAIN), ASSAY_CORIM_PROFILE_ASSAY, ASSAY_REFERENCE_MRENCLAVE, A32 },
};

Test(quote_corim, knows_the_fields_of_each_profile)
{
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        const enum assay_status status = read_text(single[i].text, false);
        cr_assert_eq(status, ASSAY_OK, "row %zu: %s: %s", i, assay_status_symbol(status),
                     where.field);
        cr_expect_eq(corim.reference_count, 1, "row %zu: %u", i, corim.reference_count);
        cr_expect_eq(corim.profile, single[i].profile, "row %zu", i);
        cr_expect_eq(corim.references[0].field, single[i].field, "row %zu: %s", i,
                     assay_reference_field_name(corim.references[0].field));
        cr_expect(is_value(&corim.references[0], single[i].value), "row %zu", i);
    }
}

/* draft-ydb-rats-cca-endorsements, example of section 3.2.2, with its values. */
Test(quote_corim, reads_a_whole_realm)
{
    static const char text[] = CORIM(
        ", 3: 32(\"tag:arm.com,2025:cca_realm#1.0.0\")",
        TRIPLE("{0: 560(h'1d1150bbb5d9d1f18620a5cc2612e54e70f150b8fa1468939d52026be913d0ff')}",
               "{0: \"cca.rim\", 1: {2: [[1, "
               "h'1d1150bbb5d9d1f18620a5cc2612e54e70f150b8fa1468939d52026be913d0ff']]}}, "
               "{0: \"cca.rem0\", 1: {2: [[1, "
               "h'5b38c8ab485f60c0b126d6e50c7ec081041428"
               "9f8476df08fb83b00a146f4ee9']]}}, "
               "{0: \"cca.rem3\", 1: {2: [[1, " B32 "]]}}"));
    cr_assert_eq(read_text(text, false), ASSAY_OK, "%s", where.field);
    cr_assert_eq(corim.reference_count, 3);
    cr_expect_eq(corim.references[0].field, ASSAY_REFERENCE_RIM);
    cr_expect_eq(corim.references[1].field, ASSAY_REFERENCE_REM0);
    cr_expect_eq(corim.references[2].field, ASSAY_REFERENCE_REM3);
}

/* A platform of Arm is named by its implementation id, which is a reference value itself. */
Test(quote_corim, takes_the_implementation_id_of_a_platform)
{
    static const char text[] = CORIM(
        ", 3: 32(\"tag:arm.com,2025:cca_platform#1.0.0\")",
        TRIPLE("{0: 560(" A32 ")}", "{0: \"cca.software-component\", 1: {2: [[\"sha-256\", " B32
                                    "]], 11: \"BL\", 13: [560(" B32 ")]}}, "
                                    "{0: \"cca.platform-config\", 1: {4: 563([h'01', h'ff'])}}"));
    cr_expect_eq(read_text(text, false), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(read_text(text, true), ASSAY_OK, "%s", where.field);
    cr_assert_eq(corim.reference_count, 1);
    cr_expect_eq(corim.references[0].field, ASSAY_REFERENCE_CCA_IMPLEMENTATION);
    cr_expect(is_value(&corim.references[0], A32));
    cr_expect_eq(corim.left_out[ASSAY_CORIM_PART_MEASUREMENT], 2);
    cr_expect_eq(corim.left_out[ASSAY_CORIM_PART_CONDITION], 1);
}

Test(quote_corim, keeps_the_least_svn_and_each_state_and_time_of_our_profile)
{
    static const char text[] = CORIM(
        OURS, TRIPLE(SGX_CLASS,
                     "{0: \"mrenclave\", 1: {1: 553(7), " DIGEST32(A32) ", -1: 1, -2: "
                                                                        "1(1000), -3: 1(2000)}}"));
    cr_assert_eq(read_text(text, false), ASSAY_OK, "%s", where.field);
    const struct assay_reference *const r = &corim.references[0];
    cr_expect(r->isvsvn_min == 7 && r->state == ASSAY_REFERENCE_RETIRING);
    cr_expect(r->has_not_before && r->not_before_s == 1000);
    cr_expect(r->has_not_after && r->not_after_s == 2000);
}

/* rim-validity (section 7.3) cuts every entry, and an entry that is shorter stays so. */
Test(quote_corim, lets_no_entry_outlive_its_manifest)
{
    static const char text[] =
        CORIM(OURS ", 4: {0: 1(500), 1: 1(1500)}",
              TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(
                                    A32) ", -2: 1(1000)}}, {0: "
                                         "\"mrsigner\", 1: {" DIGEST32(B32) ", -3: 1(1200)}}"));
    cr_assert_eq(read_text(text, false), ASSAY_OK, "%s", where.field);
    cr_expect(corim.has_not_before && corim.not_before_s == 500);
    cr_expect(corim.has_not_after && corim.not_after_s == 1500);
    cr_expect_eq(corim.references[0].not_before_s, 1000);
    cr_expect_eq(corim.references[0].not_after_s, 1500);
    cr_expect_eq(corim.references[1].not_before_s, 500);
    cr_expect_eq(corim.references[1].not_after_s, 1200);
    static const char over[] =
        CORIM(OURS ", 4: {1: 1(999)}",
              TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) ", -2: 1(1000)}}"));
    cr_expect_eq(read_text(over, false), ASSAY_E_INVALID);
    cr_expect_str_eq(where.field, "a validity that ends before it begins");
}

/* --- what is refused: everything that a policy could not hold, and everything unknown */
static const struct {
    const char *text;
    enum assay_status status;
    const char *field; /* a part of what is said */
    int part;          /* left out on request; ASSAY_CORIM_PARTS: never */
    uint32_t entries;  /* that stay then; 0: none, which is an error of its own */
} refused[] = {
    { CORIM("", "[{0: " SGX_CLASS ", 1: 550(h'01aa')}, [" ENCLAVE(A32) "]]"), ASSAY_E_UNSUPPORTED,
      "one instance", ASSAY_CORIM_PART_INSTANCE, 1 },
    { CORIM("", "[{0: " SGX_CLASS ", 2: 560(h'01aa')}, [" ENCLAVE(A32) "]]"), ASSAY_E_UNSUPPORTED,
      "one instance", ASSAY_CORIM_PART_INSTANCE, 1 },
    { CORIM("", TRIPLE("{1: \"Intel\", 2: \"SGX\", 3: 1}", ENCLAVE(A32))), ASSAY_E_UNSUPPORTED,
      "one class, layer", ASSAY_CORIM_PART_CLASS, 1 },
    { CORIM("", TRIPLE("{1: \"Intel\", 2: \"SGX\", 4: 1}", ENCLAVE(A32))), ASSAY_E_UNSUPPORTED,
      "one class, layer", ASSAY_CORIM_PART_CLASS, 1 },
    { CORIM("", TRIPLE("{0: 37(h'67b2'), 1: \"Intel\", 2: \"SGX\"}", ENCLAVE(A32))),
      ASSAY_E_UNSUPPORTED, "one class, layer", ASSAY_CORIM_PART_CLASS, 1 },
    { CORIM("", TRIPLE("{0: 37(h'67b2'), 1: \"ACME Inc.\", 2: \"ACME RoadRunner\"}", ENCLAVE(A32))),
      ASSAY_E_UNSUPPORTED, "a class of devices", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE("{1: \"Intel\"}", ENCLAVE(A32))), ASSAY_E_UNSUPPORTED, "a class of devices",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM("", "[{}, [" ENCLAVE(A32) "]]"), ASSAY_E_UNSUPPORTED, "a class of devices",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {0: \"isvprodid\", 1: {4: 560(h'0001')}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {0: \"mrtd\", 1: {" DIGEST48(A48) "}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {1: {" DIGEST32(A32) "}}")), ASSAY_E_UNSUPPORTED,
      "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {0: 111(h'2b'), 1: {" DIGEST32(A32) "}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {0: \"mrsigner\", 1: {1: 553(2)}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(TDX_CLASS, "{1: {14: {0: [[7, " A48 "]], 4: [[7, " B48 "]]}}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) "}, 2: [h'00']}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {1: 552(5), " DIGEST32(A32) "}}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {1: 5, " DIGEST32(A32) "}}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(TDX_CLASS, "{0: \"mrtd\", 1: {1: 553(5), " DIGEST48(A48) "}}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {3: {1: true}, " DIGEST32(A32) "}}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {8: \"serial\", " DIGEST32(A32) "}}")),
      ASSAY_E_UNSUPPORTED, "a condition beside", ASSAY_CORIM_PART_CONDITION, 1 },
    { CORIM("", TRIPLE(SGX_CLASS, ENCLAVE(A32) ", {0: \"mrsigner\", 1: {2: [[7, " A48 "]]}}")),
      ASSAY_E_UNSUPPORTED, "of an algorithm or length", ASSAY_CORIM_PART_DIGEST, 1 },
    { CORIM("", TRIPLE(SGX_CLASS,
                       ENCLAVE(A32) ", {0: \"mrsigner\", 1: {2: [[\"md5\", h'00112233']]}}")),
      ASSAY_E_UNSUPPORTED, "of an algorithm or length", ASSAY_CORIM_PART_DIGEST, 1 },
    { CORIM("", TRIPLE("{1: \"AMD\", 2: \"SEV-SNP\"}",
                       "{0: \"snp_measurement\", 1: {" DIGEST48(
                           A48) "}}, "
                                "{0: \"host_data\", 1: {4: 560(h'00')}}")),
      ASSAY_E_UNSUPPORTED, "of an algorithm or length", ASSAY_CORIM_PART_DIGEST, 1 },
    /* of SHA-1: a policy takes none unless its own author says so */
    { CORIM(OURS, TRIPLE("{1: \"TCG\", 2: \"TPM 2.0\"}",
                         "{0: \"pcr1\", 1: {" DIGEST32(
                             A32) "}}, {0: \"pcr0\", 1: {4: "
                                  "560(h'0011223344556677889900112233445566778899')}}")),
      ASSAY_E_UNSUPPORTED, "of an algorithm or length", ASSAY_CORIM_PART_DIGEST, 1 },
    { CORIM("", TRIPLE("{1: \"AMD\", 2: \"SEV-SNP\"}",
                       "{0: \"snp_measurement\", 1: {" DIGEST48(
                           A48) "}}, "
                                "{0: \"host_data\", 1: {4: 563([" A32 ", " A32 "])}}")),
      ASSAY_E_UNSUPPORTED, "a measurement that no field", ASSAY_CORIM_PART_MEASUREMENT, 1 },
    /* two builds, each with its own pair: the policy would accept the pairs crosswise */
    { CORIM("", TRIPLE(TDX_CLASS, "{1: {14: {0: [[7, " A48 "]], 1: [[7, " A48 "]]}}}") ", " TRIPLE(
                    TDX_CLASS, "{1: {14: {0: [[7, " B48 "]], 1: [[7, " B48 "]]}}}")),
      ASSAY_E_UNSUPPORTED, "together only", ASSAY_CORIM_PART_COMBINATION, 4 },
    /* --- never left out */
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {3: {3: true}, " DIGEST32(A32) "}}")),
      ASSAY_E_INVALID, "debug", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 32(\"http://example.com/profile\")", PLAIN), ASSAY_E_UNSUPPORTED, "profile",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 111(h'6086480186f84d011001')", PLAIN), ASSAY_E_UNSUPPORTED, "profile",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 32(\"\")", PLAIN), ASSAY_E_UNSUPPORTED, "profile", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 6: 1", PLAIN), ASSAY_E_UNSUPPORTED, "an extension of the manifest",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM(", -1: 1", PLAIN), ASSAY_E_UNSUPPORTED, "an extension of the manifest",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM(", \"x\": 1", PLAIN), ASSAY_E_UNSUPPORTED, "manifest", ASSAY_CORIM_PARTS, 0 },
    { FRAME("", ", 5: 1", "0: [" PLAIN "]"), ASSAY_E_UNSUPPORTED, "an extension of a CoMID",
      ASSAY_CORIM_PARTS, 0 },
    { FRAME("", ", 3: [{0: \"other\", 1: 1}]", "0: [" PLAIN "]"), ASSAY_E_UNSUPPORTED,
      "replaces another", ASSAY_CORIM_PARTS, 0 },
    { FRAME("", "", "0: [" PLAIN "], 6: []"), ASSAY_E_UNSUPPORTED, "a kind of triple",
      ASSAY_CORIM_PARTS, 0 },
    { FRAME("", "", "0: [" PLAIN "], 7: []"), ASSAY_E_UNSUPPORTED, "a kind of triple",
      ASSAY_CORIM_PARTS, 0 },
    { FRAME("", "", "0: [" PLAIN "], 9: []"), ASSAY_E_UNSUPPORTED, "a kind of triple",
      ASSAY_CORIM_PARTS, 0 },
    { FRAME("", "", "0: [" PLAIN "], -1: []"), ASSAY_E_UNSUPPORTED, "a kind of triple",
      ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\", 1: [505(<<{}>>)]})", ASSAY_E_UNSUPPORTED, "a tag that is no CoMID",
      ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\", 1: [508(<<{}>>)]})", ASSAY_E_UNSUPPORTED, "a tag that is no CoMID",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM("", "[{0: " SGX_CLASS ", 3: 1}, [" ENCLAVE(A32) "]]"), ASSAY_E_UNSUPPORTED,
      "an extension of an environment", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE("{1: \"Intel\", 2: \"SGX\", 5: 1}", ENCLAVE(A32))), ASSAY_E_UNSUPPORTED,
      "an extension of a class", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) "}, 3: 1}")),
      ASSAY_E_UNSUPPORTED, "an extension of a measurement", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) ", -1: 2}}")),
      ASSAY_E_UNSUPPORTED, "an extension of values", ASSAY_CORIM_PARTS, 0 },
    { CORIM(OURS, TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) ", -4: 2}}")),
      ASSAY_E_UNSUPPORTED, "an extension of values", ASSAY_CORIM_PARTS, 0 },
    { CORIM(OURS, TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) ", -1: 3}}")),
      ASSAY_E_RANGE, "state", ASSAY_CORIM_PARTS, 0 },
    { CORIM(OURS, TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {" DIGEST32(A32) ", -2: 1000}}")),
      ASSAY_E_TYPE, "time", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {1: 553(65536), " DIGEST32(A32) "}}")),
      ASSAY_E_RANGE, "svn", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {2: [[1, " A48 "]]}}")), ASSAY_E_INVALID,
      "digest", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 1: {2: [[1, " A32 ", 2]]}}")), ASSAY_E_RANGE,
      "digest", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", TRIPLE(SGX_CLASS, "{0: \"mrenclave\", 0: \"mrsigner\", 1: {" DIGEST32(A32) "}}")),
      ASSAY_E_DUPLICATE, "measurement", ASSAY_CORIM_PARTS, 0 },
    { CORIM("", "[{0: " SGX_CLASS "}, " ENCLAVE(A32) "]"), ASSAY_E_TYPE, "measurements",
      ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 32(\"tag:arm.com,2025:cca_realm#1.0.0\")",
            TRIPLE("{0: 560(" B32 ")}", "{0: \"cca.rim\", 1: {" DIGEST32(A32) "}}")),
      ASSAY_E_INVALID, "another initial measurement", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 32(\"tag:arm.com,2025:cca_platform#1.0.0\")",
            TRIPLE("{0: 560(" A48 ")}", "{0: \"cca.rim\", 1: {" DIGEST32(A32) "}}")),
      ASSAY_E_INVALID, "implementation id", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 3: 32(\"tag:amd.com,2025:snp-corim-profile\")",
            TRIPLE("{0: 111(h'2b060104019c780303')}", "{0: 641, 1: {" DIGEST48(A48) "}}")),
      ASSAY_E_UNSUPPORTED, "a class of devices", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 4: {0: 1(5)}", PLAIN), ASSAY_E_INVALID, "validity", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 4: {1: 5}", PLAIN), ASSAY_E_TYPE, "validity", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 4: {1: 1(-5)}", PLAIN), ASSAY_E_TYPE, "validity", ASSAY_CORIM_PARTS, 0 },
    { CORIM(", 4: {1: 1(5), 2: 1(6)}", PLAIN), ASSAY_E_UNSUPPORTED, "validity", ASSAY_CORIM_PARTS,
      0 },
    { "501({1: [506(<<{1: {}, 4: {0: [" PLAIN "]}}>>)]})", ASSAY_E_INVALID, "with an id",
      ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\"})", ASSAY_E_INVALID, "with an id", ASSAY_CORIM_PARTS, 0 },
    { "501({0: 5, 1: []})", ASSAY_E_TYPE, "manifest id", ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\", 1: [506(<<{4: {0: [" PLAIN "]}}>>)]})", ASSAY_E_INVALID, "CoMID",
      ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\", 1: [506(<<{1: {}}>>)]})", ASSAY_E_INVALID, "CoMID", ASSAY_CORIM_PARTS, 0 },
    { "501({0: \"id\", 1: []})", ASSAY_E_NOT_FOUND, "reference values", ASSAY_CORIM_PARTS, 0 },
    { FRAME("", "", "1: []"), ASSAY_E_NOT_FOUND, "reference values", ASSAY_CORIM_PARTS, 0 },
    { "500({0: \"id\"})", ASSAY_E_TYPE, "tag 501", ASSAY_CORIM_PARTS, 0 },
    { "{0: \"id\"}", ASSAY_E_TYPE, "manifest", ASSAY_CORIM_PARTS, 0 },
};

Test(quote_corim, refuses_what_a_policy_cannot_hold_and_leaves_it_out_on_request_alone)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        enum assay_status status = read_text(refused[i].text, false);
        const int part = refused[i].part;
        cr_expect_eq(status, refused[i].status, "row %zu: %s: %s", i, assay_status_symbol(status),
                     where.field);
        cr_assert_not_null(where.field, "row %zu", i);
        cr_expect_not_null(strstr(where.field, refused[i].field), "row %zu: %s", i, where.field);
        status = read_text(refused[i].text, true);
        if (part == ASSAY_CORIM_PARTS) {
            cr_expect_eq(status, refused[i].status, "row %zu, partial: %s", i,
                         assay_status_symbol(status));
            continue;
        }
        cr_expect_eq(status, ASSAY_OK, "row %zu, partial: %s", i, where.field);
        cr_expect_eq(corim.left_out[part], 1, "row %zu: %u", i, corim.left_out[part]);
        cr_expect_eq(corim.reference_count, refused[i].entries, "row %zu: %u", i,
                     corim.reference_count);
    }
}

/* Endorsements add to what is known of an attester; leaving them out lets nothing more pass. */
Test(quote_corim, passes_over_triples_that_restrict_nothing_and_says_so)
{
    static const char text[] =
        FRAME(", 2: [{0: 32(\"https://example.com/other\")}]", "",
              "0: [" PLAIN "], 1: [[{}, [{1: {0: {0: \"1\"}}}]]], 3: [], 8: [[[{}, []], [[[{1: {2: "
              "[[7, h'00']]}}], [{1: {1: 552(3)}}]]]]]");
    cr_assert_eq(read_text(text, false), ASSAY_OK, "%s", where.field);
    cr_expect_eq(corim.reference_count, 1);
    cr_expect_eq(corim.left_out[ASSAY_CORIM_PART_TRIPLES], 3);
    cr_expect_eq(corim.left_out[ASSAY_CORIM_PART_MANIFESTS], 1);
}

/* One field with several values, beside fields with one: nothing is accepted crosswise. */
Test(quote_corim, takes_combinations_that_a_policy_can_say)
{
    static const char one[] = CORIM(
        "", TRIPLE(TDX_CLASS, "{1: {14: {0: [[7, " A48 "]], 1: [[7, " A48 "]]}}}") ", " TRIPLE(
                TDX_CLASS, "{1: {14: {0: [[7, " A48 "]], 1: [[7, " B48 "]]}}}"));
    cr_assert_eq(read_text(one, false), ASSAY_OK, "%s", where.field);
    cr_expect_eq(corim.reference_count, 3); /* what comes twice is one entry */
    static const char ours[] = CORIM(
        OURS, TRIPLE(TDX_CLASS, "{1: {14: {0: [[7, " A48 "]], 1: [[7, " A48 "]]}}}") ", " TRIPLE(
                  TDX_CLASS, "{1: {14: {0: [[7, " B48 "]], 1: [[7, " B48 "]]}}}"));
    cr_assert_eq(read_text(ours, false), ASSAY_OK, "%s", where.field);
    cr_expect_eq(corim.reference_count, 4);
}

Test(quote_corim, says_where_in_the_file_the_trouble_is)
{
    cr_assert_eq(read_text(CORIM("", TRIPLE("{1: \"ACME\"}", ENCLAVE(A32))), false),
                 ASSAY_E_UNSUPPORTED);
    static uint8_t memory[MANIFEST_MAX];
    (void)put(CORIM("", TRIPLE("{1: \"ACME\"}", ENCLAVE(A32))), memory);
    cr_assert_gt(where.offset, 0);
    cr_expect_eq(memory[where.offset], 0xa1); /* the environment, a map of one */
    cr_expect_eq(memory[where.offset - 1], 0x82);
}

/* --- signatures */
struct sealed {
    struct maker_key key;
    uint8_t memory[MANIFEST_MAX];
    struct assay_slice bytes;
};

#define META "8: <<{0: {0: \"ACME Ltd.\"}}>>"
#define TYPE "3: \"application/rim+cbor\""

/* COSE_Sign1 with this protected header around this payload, both in diagnostic notation. */
static void seal(struct sealed *s, enum assay_key_type type, const char *header,
                 const char *payload)
{
    static uint8_t header_bytes[1024], payload_bytes[MANIFEST_MAX];
    static const uint8_t zeros[96] = { 0 };
    uint8_t digest[ASSAY_DIGEST_MAX], signature[96];
    struct assay_cose_sign1 sign1;
    struct assay_signature unused;
    const size_t header_len = put(header, header_bytes);
    const size_t payload_len = put(payload, payload_bytes);
    s->key = maker_key_make(type);
    for (int round = 0; round < 2; round++) {
        struct assay_writer w = assay_writer_over(s->memory, sizeof s->memory);
        assay_cbor_put_tag(&w, 18);
        assay_cbor_put_array(&w, 4);
        assay_cbor_put_bytes(&w, header_bytes, header_len);
        assay_cbor_put_map(&w, 0);
        assay_cbor_put_bytes(&w, payload_bytes, payload_len);
        assay_cbor_put_bytes(&w, round == 0 ? zeros : signature, 2 * s->key.half);
        cr_assert_eq(assay_writer_finish(&w, &s->bytes), ASSAY_OK);
        if (round > 0) break;
        cr_assert_eq(assay_cose_sign1_parse(s->bytes.bytes, s->bytes.len, &sign1), ASSAY_OK);
        cr_assert_eq(assay_cose_sign1_signature(&sign1, &unused, digest), ASSAY_OK);
        maker_sign(&s->key, digest, assay_signature_digest_len(unused.alg), signature);
    }
}

static enum assay_status open_sealed(const struct sealed *s)
{
    return assay_corim_open(s->bytes.bytes, s->bytes.len, &s->key.public, NULL, &corim, &where);
}

Test(quote_corim, opens_what_its_signer_signed_on_either_curve)
{
    static struct sealed s;
    seal(&s, ASSAY_KEY_P256, "{1: -7, " TYPE ", " META "}", CORIM("", PLAIN));
    cr_assert_eq(open_sealed(&s), ASSAY_OK, "%s", where.field);
    cr_expect_str_eq(corim.signer, "ACME Ltd.");
    cr_expect_eq(corim.reference_count, 1);
    maker_key_free(&s.key);
    seal(&s, ASSAY_KEY_P384,
         "{1: -35, 3: \"application/corim-unsigned+cbor\", 4: h'f8cc', 15: {1: \"Acme\\n\", 2: "
         "\"Widget\", 5: 1000, 4: 1(2000)}}",
         CORIM("", PLAIN));
    cr_assert_eq(open_sealed(&s), ASSAY_OK, "%s", where.field);
    cr_expect_str_eq(corim.signer, "Acme\\n");
    cr_expect_eq(corim.references[0].not_before_s, 1000);
    cr_expect_eq(corim.references[0].not_after_s, 1999); /* exp: on or after it no more */
    maker_key_free(&s.key);
}

Test(quote_corim, honours_the_validity_of_the_signature)
{
    static struct sealed s;
    seal(&s, ASSAY_KEY_P256,
         "{1: -7, " TYPE ", 8: <<{0: {0: \"A\", 1: 32(\"https://a.example\")}, 1: {0: 1(800), 1: "
         "1(1400)}}>>}",
         CORIM(", 4: {0: 1(500), 1: 1(1500)}", PLAIN));
    cr_assert_eq(open_sealed(&s), ASSAY_OK, "%s", where.field);
    cr_expect_eq(corim.references[0].not_before_s, 800);
    cr_expect_eq(corim.references[0].not_after_s, 1400);
    maker_key_free(&s.key);
}

Test(quote_corim, refuses_headers_that_say_something_else)
{
    static const struct {
        const char *header;
        enum assay_status status;
    } rows[] = {
        { "{1: -7, " META "}", ASSAY_E_INVALID },
        { "{1: -7, " TYPE "}", ASSAY_E_INVALID },
        { "{1: -7, 3: \"application/cbor\", " META "}", ASSAY_E_UNSUPPORTED },
        { "{1: -7, 3: 60, " META "}", ASSAY_E_TYPE },
        { "{1: -7, " TYPE ", 258: -16, " META "}", ASSAY_E_UNSUPPORTED },
        { "{1: -7, 2: [999], " TYPE ", " META ", 999: 1}", ASSAY_E_INVALID },
        { "{1: -7, " TYPE ", 8: {0: {0: \"A\"}}}", ASSAY_E_TYPE },
        { "{1: -7, " TYPE ", 8: <<{2: 1}>>}", ASSAY_E_UNSUPPORTED },
        { "{1: -7, " TYPE ", 15: {4: \"soon\"}}", ASSAY_E_TYPE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct sealed s;
        static uint8_t header_bytes[1024];
        struct assay_cose_sign1 sign1;
        struct assay_writer w = assay_writer_over(header_bytes, sizeof header_bytes);
        struct assay_slice bytes;
        assay_cbor_put_tag(&w, 18);
        assay_cbor_put_array(&w, 4);
        uint8_t one[512];
        const size_t len = put(rows[i].header, one);
        assay_cbor_put_bytes(&w, one, len);
        assay_cbor_put_map(&w, 0);
        assay_cbor_put_bytes(&w, "", 0);
        assay_cbor_put_bytes(&w, "", 0);
        cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
        const enum assay_status parsed = assay_cose_sign1_parse(bytes.bytes, bytes.len, &sign1);
        if (parsed != ASSAY_OK) { /* COSE refuses it by itself */
            cr_expect_eq(parsed, rows[i].status, "row %zu: %s", i, assay_status_symbol(parsed));
            continue;
        }
        seal(&s, ASSAY_KEY_P256, rows[i].header, CORIM("", PLAIN));
        const enum assay_status status = open_sealed(&s);
        cr_expect_eq(status, rows[i].status, "row %zu: %s: %s", i, assay_status_symbol(status),
                     where.field);
        maker_key_free(&s.key);
    }
}

Test(quote_corim, is_opened_by_no_other_key_and_not_without_signature)
{
    static struct sealed s, other;
    static uint8_t memory[MANIFEST_MAX];
    seal(&s, ASSAY_KEY_P256, "{1: -7, " TYPE ", " META "}", CORIM("", PLAIN));
    other.key = maker_key_make(ASSAY_KEY_P256);
    cr_expect_eq(
        assay_corim_open(s.bytes.bytes, s.bytes.len, &other.key.public, NULL, &corim, &where),
        ASSAY_E_SIGNATURE);
    cr_expect_str_eq(where.field, "signature");
    cr_expect_eq(corim.reference_count, 0); /* nothing of it was read */
    maker_key_free(&other.key);
    other.key = maker_key_make(ASSAY_KEY_P384); /* of another curve than the algorithm's */
    cr_expect_eq(
        assay_corim_open(s.bytes.bytes, s.bytes.len, &other.key.public, NULL, &corim, &where),
        ASSAY_E_SIGNATURE);
    const size_t len = put(CORIM("", PLAIN), memory);
    cr_expect_neq(assay_corim_open(memory, len, &s.key.public, NULL, &corim, &where), ASSAY_OK);
    cr_expect_neq(
        assay_corim_open(s.bytes.bytes + 1, s.bytes.len - 1, &s.key.public, NULL, &corim, &where),
        ASSAY_OK); /* untagged */
    maker_key_free(&s.key);
    maker_key_free(&other.key);
}

/* --- hostile bytes */
Test(quote_corim, rejects_every_truncation_and_one_byte_too_many)
{
    static struct sealed s;
    static uint8_t memory[MANIFEST_MAX];
    seal(&s, ASSAY_KEY_P256, "{1: -7, " TYPE ", " META "}", CORIM(OURS, PLAIN));
    const size_t lengths[2] = { s.bytes.len, put(CORIM(OURS ", 4: {1: 1(9)}", PLAIN), memory) };
    for (int signed_ = 0; signed_ < 2; signed_++) {
        const uint8_t *const whole = signed_ ? s.bytes.bytes : memory;
        const size_t full = lengths[signed_ ? 0 : 1];
        for (size_t cut = 0; cut <= full + 1; cut++) {
            if (cut == full) continue;
            uint8_t *const exact = calloc(1, cut == 0 ? 1 : cut);
            cr_assert_not_null(exact);
            assay_bytes_copy(exact, cut, whole, cut < full ? cut : full);
            const enum assay_status status =
                signed_ ? assay_corim_open(exact, cut, &s.key.public, NULL, &corim, &where)
                        : assay_corim_read(exact, cut, NULL, &corim, &where);
            cr_expect_eq(status, cut > full ? ASSAY_E_TRAILING : ASSAY_E_TRUNCATED,
                         "%zu of %zu: %s", cut, full, assay_status_symbol(status));
            free(exact);
        }
    }
    maker_key_free(&s.key);
}

/* Whatever a bit makes of a manifest: it is refused, or it is one that a policy may hold. */
Test(quote_corim, survives_every_flipped_bit)
{
    static uint8_t memory[MANIFEST_MAX];
    static struct assay_policy policy;
    static const char text[] = CORIM(
        OURS ", 4: {0: 1(100), 1: 1(999999)}",
        TRIPLE(SGX_CLASS,
               "{0: \"mrenclave\", 1: {1: 553(7), " DIGEST32(
                   A32) ", -1: 1, -2: 1(1000), -3: 1(2000)}}") ", " TRIPLE(TDX_CLASS,
                                                                           "{1: {14: {2: [[7, " A48
                                                                           "]]}}}"));
    const size_t len = put(text, memory);
    const struct assay_corim_options partial = { .partial = true };
    size_t accepted = 0;
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memory[at] ^= (uint8_t)(1u << bit);
            if (assay_corim_read(memory, len, bit % 2 != 0 ? &partial : NULL, &corim, &where) ==
                ASSAY_OK) {
                assay_policy_default(&policy);
                policy.reference_count = corim.reference_count;
                for (uint32_t i = 0; i < corim.reference_count; i++)
                    policy.references[i] = corim.references[i];
                cr_assert_eq(assay_policy_check(&policy), ASSAY_OK, "bit %u of byte %zu", bit, at);
                accepted++;
            }
            memory[at] ^= (uint8_t)(1u << bit);
        }
    cr_expect_gt(accepted, 32 * 8); /* other digests */
    static struct sealed s;
    seal(&s, ASSAY_KEY_P256, "{1: -7, " TYPE ", " META "}", text);
    for (size_t at = 0; at < s.bytes.len; at += 3) {
        s.memory[at] ^= 4;
        cr_expect_neq(open_sealed(&s), ASSAY_OK, "byte %zu", at);
        s.memory[at] ^= 4;
    }
    cr_expect_eq(open_sealed(&s), ASSAY_OK);
    maker_key_free(&s.key);
}

/* --- the way back */
static bool is_same(const struct assay_reference *a, const struct assay_reference *b)
{
    return a->field == b->field && a->state == b->state && a->value_len == b->value_len &&
           assay_bytes_equal(a->value, b->value, sizeof a->value) &&
           a->has_not_before == b->has_not_before && a->not_before_s == b->not_before_s &&
           a->has_not_after == b->has_not_after && a->not_after_s == b->not_after_s &&
           a->isvsvn_min == b->isvsvn_min;
}

static void check_same(const struct assay_policy *policy)
{
    cr_assert_eq(corim.reference_count, policy->reference_count);
    for (uint32_t i = 0; i < policy->reference_count; i++)
        cr_expect(is_same(&corim.references[i], &policy->references[i]), "entry %u", i);
}

/* Every field in every length, every state, each time there and not, least SVN where it counts. */
static void fill(struct assay_policy *policy)
{
    assay_policy_default(policy);
    for (unsigned i = 0; i < ASSAY_REFERENCE_FIELDS; i++)
        for (uint32_t len = 32; len <= 64; len += 16) {
            const enum assay_reference_field field = (enum assay_reference_field)i;
            if (!assay_reference_field_fits(field, len)) continue;
            const uint32_t n = policy->reference_count++;
            struct assay_reference *const r = &policy->references[n];
            assay_bytes_zero(r, sizeof *r); /* compared whole */
            r->field = field;
            r->value_len = len;
            r->state = (enum assay_reference_state)(n % 3);
            memset(r->value, (int)n + 1, len);
            r->has_not_before = n % 2 == 0;
            r->not_before_s = r->has_not_before ? 1000000 * (int64_t)n : 0;
            r->has_not_after = n % 4 < 2;
            r->not_after_s = r->has_not_after ? INT64_MAX - n : 0;
            if (field <= ASSAY_REFERENCE_MRSIGNER) r->isvsvn_min = (uint16_t)(65535 - n);
        }
}

Test(quote_corim, brings_back_every_entry_that_it_wrote)
{
    static struct assay_policy policy;
    static uint8_t memory[ASSAY_CORIM_LEN_MAX];
    struct assay_slice bytes;
    fill(&policy);
    cr_assert_eq(assay_policy_check(&policy), ASSAY_OK);
    cr_assert_gt(policy.reference_count, 70);
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_corim_write("all", policy.references, policy.reference_count, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    cr_assert_eq(assay_corim_read(bytes.bytes, bytes.len, NULL, &corim, &where), ASSAY_OK, "%s",
                 where.field);
    cr_expect_eq(corim.profile, ASSAY_CORIM_PROFILE_ASSAY);
    cr_expect_str_eq(corim.id, "all");
    check_same(&policy);
    w = assay_writer_over(memory, bytes.len - 1);
    assay_corim_write("all", policy.references, policy.reference_count, &w);
    cr_expect_eq(assay_writer_finish(&w, &bytes), ASSAY_E_FULL);
}

Test(quote_corim, writes_a_full_table_at_its_longest)
{
    static struct assay_policy policy;
    static uint8_t memory[ASSAY_CORIM_LEN_MAX];
    struct assay_slice bytes;
    char id[ASSAY_CORIM_TEXT_MAX] = { 0 };
    memset(id, 'i', sizeof id - 1);
    assay_policy_default(&policy);
    policy.reference_count = ASSAY_REFERENCES_MAX;
    for (uint32_t i = 0; i < ASSAY_REFERENCES_MAX; i++) {
        struct assay_reference *const r = &policy.references[i];
        r->field = ASSAY_REFERENCE_RIM;
        r->state = ASSAY_REFERENCE_DENIED;
        r->value_len = 64;
        r->value[0] = (uint8_t)i;
        r->has_not_before = r->has_not_after = true;
        r->not_before_s = r->not_after_s = INT64_MAX;
    }
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_corim_write(id, policy.references, policy.reference_count, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    cr_assert_eq(assay_corim_read(bytes.bytes, bytes.len, NULL, &corim, &where), ASSAY_OK, "%s",
                 where.field);
    check_same(&policy);
    /* One more is one too many: as its own triple, in a second tag. */
    static uint8_t two[ASSAY_CORIM_LEN_MAX];
    static const char start[] = "501({0: \"id\", 3: 32(\"tag:assay,2026:reference-values#1\"), 1: ["
                                "506(<<{1: {0: \"t\"}, 4: {0: [" PLAIN "]}}>>), ";
    char *const text = malloc(4 * ASSAY_CORIM_LEN_MAX);
    cr_assert_not_null(text);
    size_t used = (size_t)snprintf(text, sizeof start, "%s", start);
    used += (size_t)snprintf(text + used, 64, "506(<<{1: {0: \"u\"}, 4: {0: [");
    for (uint32_t i = 0; i < ASSAY_REFERENCES_MAX; i++)
        used += (size_t)snprintf(
            text + used, 512,
            TRIPLE("{1: \"Arm\", 2: \"CCA\"}", "{0: \"rim\", 1: {2: [[1, h'%064x']]}}") ", ", i);
    (void)snprintf(text + used, 16, "]}}>>)]})");
    w = assay_writer_over(two, sizeof two);
    diag_put(text, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    cr_expect_eq(assay_corim_read(bytes.bytes, bytes.len, NULL, &corim, &where), ASSAY_E_FULL);
    free(text);
}

Test(quote_corim, opens_what_an_operator_sealed)
{
    static struct assay_policy policy;
    static uint8_t manifest[ASSAY_CORIM_LEN_MAX], memory[ASSAY_CORIM_LEN_MAX];
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], digest[32], signature[64];
    struct assay_secret32 secret;
    struct assay_p256_signer *signer = NULL;
    struct assay_slice inner, bytes;
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    fill(&policy);
    struct assay_writer w = assay_writer_over(manifest, sizeof manifest);
    assay_corim_write("sealed", policy.references, policy.reference_count, &w);
    cr_assert_eq(assay_writer_finish(&w, &inner), ASSAY_OK);
    w = assay_writer_over(memory, sizeof memory);
    assay_corim_seal(inner, "operator alpha", public_key, NULL, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    cr_assert_eq(assay_corim_digest(bytes, digest), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, signature), ASSAY_OK);
    w = assay_writer_over(memory, sizeof memory);
    assay_corim_seal(inner, "operator alpha", public_key, signature, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    const struct assay_key key = assay_key_p256(public_key);
    cr_assert_eq(assay_corim_open(bytes.bytes, bytes.len, &key, NULL, &corim, &where), ASSAY_OK,
                 "%s", where.field);
    cr_expect_str_eq(corim.signer, "operator alpha");
    check_same(&policy);
    assay_p256_signer_free(&signer);
    assay_secret_wipe(&secret, sizeof secret);
}
