/*
 * tests/unit/quote/x509/certificate_text.h - certificates and their parts in the notation of
 * der_text.h. Their signatures are of the right form, and of no key.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_X509_CERTIFICATE_TEXT_H
#define ASSAY_TESTS_UNIT_QUOTE_X509_CERTIFICATE_TEXT_H

#define BYTES_8 "0102030405060708"
#define BYTES_20 BYTES_8 BYTES_8 "01020304"
#define BYTES_32 BYTES_8 BYTES_8 BYTES_8 BYTES_8
#define BYTES_48 BYTES_32 BYTES_8 BYTES_8
#define OID_SHA384 "608648016503040202"

#define NAME(text) "30E{ 31DR{ 30R{ 06X{550403} 0cEX{'" text "'} } } }"
#define KEY                                                                                        \
    "30{ 30{ 06{2a8648ce3d0201} 06{2a8648ce3d030107} } 03{00 04 " BYTES_32 BYTES_32 "} }"
#define ECDSA_SHA256 "30{ 06{2a8648ce3d040302} }"
#define SIGNATURE "03{00 30{ 02X{01} 02X{01} }}"
#define VALIDITY "30{ 17{'261201000000Z'} 17{'361201000000Z'} }"

/* tbsCertificate; version and what follows the key as given, "" for none. */
#define TBS(version, more)                                                                         \
    "30{ " version " 02X{01} " ECDSA_SHA256 " " NAME("ca") " " VALIDITY " " NAME("holder")         \
    " " KEY " " more " }"
#define CERTIFICATE_OF(tbs) "30{ " tbs " " ECDSA_SHA256 " " SIGNATURE " }"
#define V3 "a0{ 02{02} }"
/* extensions [3]: the list of them as given. */
#define EXTENSIONS_3(list) "a3{ 30{ " list " } }"

#endif
