module assay.example/tests

go 1.19

require assay.example/assay v0.0.0

replace assay.example/assay => ../../../bindings/go
