/*
 * apps/assay/verbs/evidence.c - table of verbs that need neither network nor daemon
 * (options.h).
 */
#include "apps/assay/core/options.h"

#define KINDS                                                                                      \
    "auto|sgx-v3|sgx-v4|sgx-v5|tdx-v4|tdx-v5|snp|nitro|tpm2|paravisor-vtpm-snp|"                   \
    "paravisor-vtpm-tdx|cca|nitro-tpm|nvidia-gpu|nvidia-switch|soft"
#define COLLATERAL                                                                                 \
    {                                                                                              \
        "collateral", "DIR",                                                                       \
            "collateral that the evidence does not contain, recognised by content", 0              \
    }
#define ROOT                                                                                       \
    {                                                                                              \
        "root", "FILE",                                                                            \
            "trust this root (certificate, public key, JWK) instead of the pinned ones", 0         \
    }
#define KIND                                                                                       \
    {                                                                                              \
        "kind", KINDS, "kind of the evidence, default as detected from its bytes", 0               \
    }
#define POLICY                                                                                     \
    {                                                                                              \
        "policy", "FILE", "policy in YAML; default: profile production, any measurement", 0        \
    }
#define EVENT_LOG                                                                                  \
    {                                                                                              \
        "event-log", "FILE",                                                                       \
            "event log of the firmware (TCG2, CCEL) or of IMA, at most four; replayed and "        \
            "compared with the events of the policy",                                              \
            ASSAY_OPTION_MANY                                                                      \
    }
#define EXIT_VERDICT                                                                               \
    "0 affirming, 5 no such file, 10 warning, 11 contraindicated, 12 none (not appraised), 13 "    \
    "malformed"
#define COLLATERAL_JUDGED ASSAY_OPTION_AT, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END

const struct assay_verb assay_verbs_evidence[] = {
    { "evidence", "verify", "FILE",
      "Verify evidence and print the appraisal: SGX, TDX, SEV-SNP, Nitro, NitroTPM, TPM 2.0, vTPM, "
      "CCA, NVIDIA GPUs and NVSwitches, SOFT. --collateral contains for SGX, TDX and SOFT the "
      "vendor's collateral, for SEV-SNP "
      "the VCEK or VLEK with chain and CRL, for TPM and vTPM the signature, PCR values, "
      "attestation key and certificates, for NVIDIA chain, manifests and OCSP responses; Nitro, "
      "NitroTPM and CCA need none. Collateral of another platform (TCB info of another FMSPC, "
      "certificates of another chip or product) does not match: contraindicated, genuine no. "
      "Lists what was not checked: freshness without a challenge, the program without "
      "a policy, revocation. FILE is a "
      "file or - (standard input): evidence, a conceptual message wrapper (CMW) with it, or a "
      "certificate (PEM, DER) of RA-TLS, TCG DICE, CMW, dstack, Gramine, the SGX SDK or Open "
      "Enclave, whose key the evidence must vouch for.",
      EXIT_VERDICT,
      "assay evidence verify quote.bin --collateral collateral/ --report-data 5f1c0a2e\n"
      "assay evidence verify quote.bin --collateral collateral/ --policy policy.yaml --json\n"
      "assay evidence verify server.pem --collateral collateral/ --policy policy.yaml\n",
      (const struct assay_option[]){
          COLLATERAL,
          ROOT,
          ASSAY_OPTION_AT,
          KIND,
          POLICY,
          EVENT_LOG,
          { "report-data", "HEX",
            "expected report data: the challenge, 1 to 64 bytes, padded with zeros", 0 },
          { "nonce", "HEX",
            "expected nonce of TPM, Nitro and NVIDIA evidence: 1 to 1024 bytes, all of it", 0 },
          { "ocsp-nonce", "HEX", "nonce that the OCSP responses of the folder must have", 0 },
          { "ear", "FILE", "write a signed attestation result (EAR); - prints it", 0 },
          { "ear-key", "FILE", "signing key of the EAR (made by assay keys operator)", 0 },
          { "ear-profile", "ietf-04|veraison-2023", "names of the EAR's claims, default ietf-04",
            0 },
          { "ear-form", "jwt|cwt|cmw-json|cmw-cbor",
            "form of the EAR, default jwt (assay ear verify reads jwt and cwt); cwt and cmw-cbor "
            "are "
            "CBOR, printed as base64url",
            0 },
          { "ear-nonce", "TEXT",
            "nonce of the relying party, echoed in the EAR, 8 to 88 characters", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "evidence", "explain", "FILE",
      "Explain the verdict in detail: the certificate chain, the security version that falls short "
      "of a better TCB level, the rules of the policy that applied, and the remedy.",
      EXIT_VERDICT, "assay evidence explain quote.bin --collateral collateral/\n",
      (const struct assay_option[]){ COLLATERAL, ROOT, ASSAY_OPTION_AT, KIND, POLICY, EVENT_LOG,
                                     ASSAY_OPTIONS_END } },
    { "evidence", "decode", "FILE", "Print every field without appraising it.", "13 malformed",
      "assay evidence decode quote.bin\n",
      (const struct assay_option[]){ KIND, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "evidence", "eventlog", "FILE",
      "Print the events of a log and the registers that they make: of firmware (TCG2, or CCEL as "
      "in /sys/firmware/acpi/tables/data/CCEL) or of IMA (binary, or text). Nothing is compared "
      "with evidence: assay evidence verify --event-log does.",
      "5 no such file, 13 malformed",
      "assay evidence eventlog CCEL --td\n"
      "assay evidence eventlog ascii_runtime_measurements --json\n",
      (const struct assay_option[]){
          { "td", NULL, "the registers are those of a TD: MRTD and RTMR0 to RTMR3", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "evidence", "compose", "",
      "Put the reports of GPUs and switches together with the evidence of their processor, step by "
      "step: the challenge alone prints the nonce that each device has to sign; with --device the "
      "report data that the processor has to quote; with --quote it writes the evidence. Nothing "
      "is verified: assay evidence verify does.",
      "13 no evidence",
      "assay evidence compose --report-data 5f1c0a2e\n"
      "assay evidence compose --report-data 5f1c0a2e --device gpu0.bin --collateral chains/\n"
      "assay evidence compose --report-data 5f1c0a2e --device gpu0.bin --collateral chains/ "
      "--quote quote.bin --out evidence.bin\n",
      (const struct assay_option[]){
          { "report-data", "HEX", "the challenge of the verifier: 1 to 64 bytes, padded with zeros",
            ASSAY_OPTION_MUST },
          { "device", "FILE", "report of a GPU or switch; eight and four at most",
            ASSAY_OPTION_MANY },
          { "collateral", "DIR", "certificates of the devices, recognised by content", 0 },
          { "devices-out", "FILE",
            "the set of reports, which a daemon's program of evidence.devices writes", 0 },
          { "quote", "FILE", "evidence of the processor, over the printed report data", 0 },
          { "pieces", "DIR",
            "what the evidence of the processor leaves to other files: signature, key and values "
            "of a TPM, its quote beside a paravisor's report, certificates",
            0 },
          { "plain", NULL,
            "do not pack the reports of the devices: for verifiers whose policy lacks "
            "devices_packed; up to 96 KB of them, more than a network carries",
            0 },
          { "out", "FILE", "the evidence", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "ear", "verify", "TOKEN",
      "Verify an attestation result (EAR, a JSON or CBOR web token signed with ES256) as a relying "
      "party does. TOKEN is a file or -.",
      "0 affirming, 4 not trusted (signature, time, nonce, claims), 10 warning, 11 "
      "contraindicated, 12 none, 13 malformed",
      "assay ear verify result.jwt --key verifier.pem --nonce 5f1c0a2e\n",
      (const struct assay_option[]){
          { "key", "FILE", "public key of the verifier: PEM, DER, JWK, or the output of assay keys",
            ASSAY_OPTION_MUST },
          ASSAY_OPTION_AT,
          { "nonce", "TEXT",
            "nonce that the token must echo; in CBOR, one that is no printable ASCII as base64url",
            0 },
          { "node", "ID",
            "node id of the member whose standing the token must be, hexadecimal or in base32", 0 },
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "result", "verify", "TOKEN",
      "Verify a token of another verifier and print what its issuer states: Azure Attestation, "
      "Google Confidential Space, Intel Trust Authority, NVIDIA's Remote Attestation Service with "
      "the tokens of its devices. The signature shows that the issuer made the statement; Assay "
      "does not verify the evidence behind it, and no score depends on it. Keys are never fetched. "
      "TOKEN is a file or -.",
      "0 affirming, 4 not trusted (key, signature, issuer, audience, time, nonce, devices), 10 "
      "warning, 11 contraindicated, 12 nothing stated, 13 malformed or unsupported",
      "assay result verify token.jwt --service google --issuer "
      "https://confidentialcomputing.googleapis.com --keys jwks.json --audience "
      "https://relying.example --nonce 5f1c0a2e\n"
      "assay result verify nras.json --service nvidia --issuer https://nras.attestation.nvidia.com "
      "--keys jwks.json --root nvidia.pem --nonce 5f1c0a2e\n"
      "assay result verify token.jwt --policy policy.yaml --nonce 5f1c0a2e\n",
      (const struct assay_option[]){
          { "policy", "FILE",
            "accept the issuers that token_issuers of the policy file names, each with its keys, "
            "audience and age; in place of the next five",
            0 },
          { "service", "azure|google|intel|nvidia", "the verifier that issued it", 0 },
          { "issuer", "URL", "expected issuer: the claim iss, character by character", 0 },
          { "keys", "FILE", "JSON web key set (JWKS) of that issuer", 0 },
          { "root", "FILE",
            "root of the service's certificates: each key's x5c must lead to it; without --keys "
            "the token's own",
            0 },
          { "audience", "TEXT",
            "audience that the token must name; without it a token that names any is refused", 0 },
          { "nonce", "TEXT", "nonce that the token must echo", 0 },
          ASSAY_OPTION_AT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "tcb", "forecast", "FILE",
      "Appraise an SGX or TDX quote under the collateral in force and under an announced set, and "
      "list the security versions that fall short of the best level of that set.",
      "0 affirming, 10 warning, 11 contraindicated, 12 not appraised, 13 malformed: the verdict "
      "under the announced set",
      "assay tcb forecast quote.bin --collateral now/ --against early/\n",
      (const struct assay_option[]){
          { "collateral", "DIR", "the set in force", ASSAY_OPTION_MUST },
          { "against", "DIR", "the announced set, written by assay collateral fetch --early",
            ASSAY_OPTION_MUST },
          ROOT,
          ASSAY_OPTION_AT,
          KIND,
          POLICY,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "collateral", "fetch", "",
      "Fetch the collateral of one platform from its vendor, verify it under the vendor's root and "
      "write it into a folder: Intel's TCB info, QE identity, CRLs and chains for SGX and TDX; "
      "AMD's VCEK, chain and CRL for SEV-SNP. Select the platform with --for, or with --fmspc, "
      "--ca and --tee.",
      "5 unknown to the vendor, 7 timeout, 12 expired or older than the stored one, 13 does not "
      "verify",
      "assay collateral fetch --for quote.bin --out collateral/\n"
      "assay collateral fetch --fmspc 00806F050000 --ca platform --tee tdx --out early/ --early\n",
      (const struct assay_option[]){
          { "for", "FILE", "evidence to fetch collateral for (SGX or TDX quote, SEV-SNP report)",
            0 },
          { "fmspc", "HEX", "Intel's platform family, twelve hex digits", 0 },
          { "ca", "processor|platform", "Intel's certification authority", 0 },
          { "tee", "sgx|tdx", "Intel's kind of TEE", 0 },
          { "out", "DIR", "output folder", ASSAY_OPTION_MUST },
          { "pccs", "URL", "PCCS to use instead of Intel's service", 0 },
          { "kds", "URL", "mirror to use instead of AMD's service", 0 },
          { "early", NULL, "fetch the set that Intel announced before it is in force", 0 },
          { "product", "milan|genoa|turin",
            "product of SEV-SNP reports of version 2, which do not contain it", 0 },
          ROOT,
          { "cache", "DIR", "cache folder; entries older than a day are fetched again", 0 },
          { "offline", NULL, "use only the cache", 0 },
          { "refresh", NULL, "fetch again even if the cache is fresh", 0 },
          { "ca-file", "FILE", "roots (PEM) for the server's TLS certificate", 0 },
          { "timeout", "S", "timeout of the complete command in seconds, 1 to 3600, default 60",
            0 },
          ASSAY_OPTION_AT,
          ASSAY_OPTION_JSON,
          ASSAY_OPTIONS_END } },
    { "collateral", "show", "DIR|FILE",
      "Show the collateral in a folder, whether it verifies, and when it expires; of a genesis, a "
      "set of collateral or an offer its roots, items, numbers and dates, and which item expires "
      "first.",
      "0 complete, or it depends on the evidence, 10 valid but not current, 13 a part is missing "
      "or does not verify",
      "assay collateral show collateral/\n",
      (const struct assay_option[]){ ROOT, COLLATERAL_JUDGED } },
    { "collateral", "pack", "DIR",
      "Pack the documents and CRLs in DIR into an offer of one root, for the network with the "
      "given genesis or set.",
      "6 the output is of another kind, 12 nothing in it may replace the set in force, 13 does not "
      "verify",
      "assay collateral pack new/ --in-force genesis --out intel.offer\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "out", "FILE", "the offer", ASSAY_OPTION_MUST },
          COLLATERAL_JUDGED } },
    { "collateral", "apply", "",
      "Write the complete set that results from applying an offer to the set in force, for "
      "operators to sign. An offer of another root or family, or with a piece that follows nothing "
      "in force, is refused: nothing is written.",
      "6 the output is of another kind, 13 refused, or does not verify",
      "assay collateral apply --in-force genesis --offer intel.offer --out next.set\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "offer", "FILE", "offer written by assay collateral pack", ASSAY_OPTION_MUST },
          { "out", "FILE", "the resulting set", ASSAY_OPTION_MUST },
          COLLATERAL_JUDGED } },
    { "collateral", "compare", "OLD NEW",
      "Check, root by root, whether NEW may replace OLD, and report the item and field that "
      "prevent it.",
      "0 newer, 10 a TCB recovery, 12 nothing newer, 13 refused",
      "assay collateral compare genesis intel.offer\n",
      (const struct assay_option[]){ COLLATERAL_JUDGED } },
    { "collateral", "forecast", "",
      "Appraise evidence under the set in force and under the offered one, and list the members "
      "that would be suspended, that would drop a level, and the security versions that fall "
      "short.",
      "10 a level drops, 11 a member would be suspended, 12 could no longer be appraised, 13 "
      "malformed evidence, or collateral that does not verify",
      "assay collateral forecast --in-force genesis --offer intel.offer --evidence quote.bin\n",
      (const struct assay_option[]){
          { "in-force", "FILE", "a genesis or a set of collateral", ASSAY_OPTION_MUST },
          { "offer", "FILE", "the offered set", ASSAY_OPTION_MUST },
          { "evidence", "FILE", "evidence to appraise, up to 256 times",
            ASSAY_OPTION_MUST | ASSAY_OPTION_MANY },
          { "policy", "FILE", "policy to use instead of the genesis's, else the default", 0 },
          { "then", "RFC3339", "time when the offer comes into force, default --at", 0 },
          COLLATERAL_JUDGED } },
    { "collateral", "submit", "OFFER",
      "Submit an offer to a running node, which validates it, stores it, and offers it to the "
      "network until a block contains it.",
      "4 refused, 6 nothing newer, or already pending, 13 not an offer",
      "assay collateral submit intel.offer\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "collateral", "status", "",
      "Show the collateral in force and when it expires, the pending collateral and its "
      "activation, and the members that it would suspend.",
      "11 a member would be suspended", "assay collateral status\n",
      (const struct assay_option[]){ ASSAY_OPTION_SOCKET, ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "lint", "FILE",
      "Find rules that can never match (errors) and rules that are probably unintended (warnings).",
      "2 usage, or errors in the policy", "assay policy lint policy.yaml\n",
      (const struct assay_option[]){ COLLATERAL_JUDGED } },
    { "policy", "show", "FILE",
      "Print the normalised policy, with every default spelled out, and its digest.", "",
      "assay policy show policy.yaml\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "diff", "OLD NEW",
      "Compare two policies, rule by rule: what NEW accepts or rejects that OLD did not.", "",
      "assay policy diff policy.yaml next.yaml\n",
      (const struct assay_option[]){ ASSAY_OPTION_JSON, ASSAY_OPTIONS_END } },
    { "policy", "try", "FILE EVIDENCE",
      "Appraise evidence under a policy and list the rules that decided; --against appraises it "
      "under a second policy, side by side.",
      EXIT_VERDICT,
      "assay policy try next.yaml quote.bin --collateral now/ --against policy.yaml\n",
      (const struct assay_option[]){ COLLATERAL,
                                     { "against", "FILE", "the other policy", 0 },
                                     ROOT,
                                     ASSAY_OPTION_AT,
                                     KIND,
                                     EVENT_LOG,
                                     ASSAY_OPTION_JSON,
                                     ASSAY_OPTIONS_END } },
    { "policy", "import", "FILE",
      "Verify a signed CoRIM with the key of its signer and print its reference values as entries "
      "of a policy file; or print a runtime policy of Keylime as a policy with its files.",
      "", "assay policy import vendor.corim --signer vendor.pem --into policy.yaml > next.yaml\n",
      (const struct assay_option[]){
          { "signer", "FILE",
            "of a CoRIM: key of the signer: PEM, DER, or the output of assay keys operator", 0 },
          { "format", "corim|keylime", "input format, default corim", 0 },
          { "partial", NULL, "skip values that a policy cannot represent, and list them", 0 },
          { "into", "FILE", "print this policy with the entries added; the file is not changed",
            0 },
          ASSAY_OPTIONS_END } },
    { "policy", "export", "FILE", "Export the reference values of a policy as a CoRIM.", "",
      "assay policy export policy.yaml --format corim --key alpha.key --out ours.corim\n",
      (const struct assay_option[]){ { "format", "corim", "output format", ASSAY_OPTION_MUST },
                                     { "key", "FILE", "signing key (assay keys operator)", 0 },
                                     { "id", "TEXT", "id of the manifest", 0 },
                                     { "issuer", "NAME", "name of the issuer", 0 },
                                     { "out", "FILE", "default: standard output", 0 },
                                     ASSAY_OPTIONS_END } },
};
const size_t assay_verbs_evidence_count =
    sizeof assay_verbs_evidence / sizeof assay_verbs_evidence[0];
