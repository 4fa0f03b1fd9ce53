//! The census: what this instance holds, in a build that no release has. Whoever left must not be in it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::RefCell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Collects all garbage, where the runtime was started so that it can be asked to.
    #[wasm_bindgen(catch, js_name = gc)]
    fn collect_garbage() -> Result<(), JsValue>;

    /// Knows a value and does not hold it.
    type WeakRef;

    #[wasm_bindgen(constructor)]
    fn new(value: &JsValue) -> WeakRef;

    #[wasm_bindgen(method)]
    fn deref(this: &WeakRef) -> JsValue;
}

thread_local! {
    /// What belongs to one viewer each, and may be gone.
    static FOLLOWED: RefCell<Vec<WeakRef>> = const { RefCell::new(Vec::new()) };
}

/// Looks from now on whether this is still there, whoever holds it: our code, JavaScript's or the runtime.
pub(crate) fn follow(value: &JsValue) {
    FOLLOWED.with_borrow_mut(|followed| followed.push(WeakRef::new(value)));
}

/// The system's allocator, counting.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
/// Allocations that were not freed.
static PIECES: AtomicUsize = AtomicUsize::new(0);
/// Their bytes.
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: whatever is asked is asked of the system's allocator, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PIECES.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        PIECES.fetch_sub(1, Relaxed);
        BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        BYTES.fetch_add(size, Relaxed);
        BYTES.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How many allocations there are, how many bytes they have, how many of JavaScript's values our code holds, and how many
/// of those it follows are held by anybody.
pub(crate) fn held() -> String {
    // Where that cannot be asked for, garbage counts among what is held by anybody.
    let _ = collect_garbage();
    let followed = FOLLOWED.with_borrow_mut(|followed| {
        followed.retain(|value| !value.deref().is_undefined());
        followed.len()
    });
    let values = wasm_bindgen::externref_heap_live_count();
    format!("{} {} {values} {followed}", PIECES.load(Relaxed), BYTES.load(Relaxed))
}
