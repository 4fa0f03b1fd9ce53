//! Counts what this instance holds, in a build that is never released: nothing of a viewer that left may be in it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::RefCell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Collects all garbage; exists only if the runtime was started with `--expose-gc`.
    #[wasm_bindgen(catch, js_name = gc)]
    fn collect_garbage() -> Result<(), JsValue>;

    /// A reference that does not keep its value alive.
    type WeakRef;

    #[wasm_bindgen(constructor)]
    fn new(value: &JsValue) -> WeakRef;

    #[wasm_bindgen(method)]
    fn deref(this: &WeakRef) -> JsValue;
}

thread_local! {
    /// Values that each belong to one viewer, and may be collected already.
    static WATCHED: RefCell<Vec<WeakRef>> = const { RefCell::new(Vec::new()) };
}

/// Counts this value from now on for as long as our code, JavaScript or the runtime holds it.
pub(crate) fn watch(value: &JsValue) {
    WATCHED.with_borrow_mut(|watched| watched.push(WeakRef::new(value)));
}

/// The system's allocator with counters.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
/// Allocations that were not freed.
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Their bytes.
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATIONS.fetch_sub(1, Relaxed);
        BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        BYTES.fetch_add(size, Relaxed);
        BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Four numbers, separated by spaces: live allocations, their bytes, JavaScript values that our code holds, and watched
/// values that anything holds.
pub(crate) fn heap_stats() -> String {
    // Without `--expose-gc` this fails, and garbage counts among the watched values.
    let _ = collect_garbage();
    let watched = WATCHED.with_borrow_mut(|watched| {
        watched.retain(|value| !value.deref().is_undefined());
        watched.len()
    });
    let values = wasm_bindgen::externref_heap_live_count();
    format!("{} {} {values} {watched}", ALLOCATIONS.load(Relaxed), BYTES.load(Relaxed))
}
