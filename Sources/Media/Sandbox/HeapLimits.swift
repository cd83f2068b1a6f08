import CSandbox

/// How the C library keeps memory.
package enum HeapLimits {
  /// Has large blocks given back to the kernel as soon as they are freed.
  ///
  /// Pictures come and go by the thousand. By default the C library raises its thresholds to the largest block it has seen,
  /// and the heap then stays as large as its holes.
  package static func giveBack() {
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
    mallopt(M_TRIM_THRESHOLD, 16 << 20)
  }
}
