namespace Gache.Log;

/// <summary>What one simulated file holds: per page what is on the disk, and what the page cache has in its place.</summary>
/// <remarks>Pages of zeros are not stored, so that a segment allocated whole costs little.</remarks>
internal sealed class SimulatedContent(long sizeBytes)
{
    public const int PageSize = 4096;

    private readonly Dictionary<long, byte[]?> disk = [];
    private readonly Dictionary<long, CachedPage> cache = [];
    private long diskLength;
    private (long From, long To) lastWrite;

    /// <summary>The size that programs see.</summary>
    public long Length { get; private set; } = sizeBytes;

    /// <summary>In which process it was opened last.</summary>
    public int OpenIn { get; set; }

    /// <summary>How many of those openings are not closed.</summary>
    public int Openings { get; set; }

    /// <summary>How many pages differ from the disk, or may.</summary>
    public int CachedPages => cache.Count;

    public int Read(long offset, Span<byte> into)
    {
        int count = (int)Math.Clamp(Length - offset, 0, into.Length);
        ForEachPage(offset, count, into, (page, within, part) =>
        {
            byte[]? bytes = cache.TryGetValue(page, out CachedPage? cached) ? cached.Bytes : disk.GetValueOrDefault(page);
            if (bytes is null) part.Clear();
            else bytes.AsSpan(within, part.Length).CopyTo(part);
        });
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        long end = offset + bytes.Length;
        for (long at = offset; at < end;)
        {
            long page = at / PageSize;
            int within = (int)(at % PageSize);
            int count = (int)Math.Min(PageSize - within, end - at);
            ReadOnlySpan<byte> part = bytes.Slice((int)(at - offset), count);
            if (!cache.TryGetValue(page, out CachedPage? cached))
            {
                cached = new CachedPage { Bytes = disk.GetValueOrDefault(page)?.ToArray() };
                cache.Add(page, cached);
            }

            cached.IsDirty = true;
            if (cached.Bytes is not null || part.ContainsAnyExcept((byte)0)) part.CopyTo((cached.Bytes ??= new byte[PageSize]).AsSpan(within));
            at += count;
        }

        Length = Math.Max(Length, end);
        lastWrite = (offset, end);
    }

    /// <summary>Brings every dirty page to the disk.</summary>
    public void Sync()
    {
        foreach ((long page, CachedPage cached) in cache.OrderBy(p => p.Key).ToArray())
        {
            if (!cached.IsDirty) continue; // it differs from the disk and the kernel does not know: see FailSync
            Settle(page, cached.Bytes);
        }

        diskLength = Length;
    }

    /// <summary>
    /// A sync that fails as on Linux: some pages got there, and the others are marked clean without having got there, so that the next
    /// sync succeeds without them.
    /// </summary>
    public void FailSync(Random dice)
    {
        foreach ((long page, CachedPage cached) in cache.OrderBy(p => p.Key).ToArray())
        {
            if (!cached.IsDirty) continue;
            if (dice.Next(2) == 0) Settle(page, cached.Bytes);
            else cached.IsDirty = false;
        }
    }

    /// <summary>Power fails: each page that was not synced is kept or lost singly; the last write may be torn at any byte.</summary>
    public void Crash(Random dice)
    {
        double kept = dice.Next(4) switch { 0 => 0, 1 => 1, _ => dice.NextDouble() };
        bool isTorn = dice.Next(2) == 0;
        long tear = dice.NextInt64(lastWrite.From, lastWrite.To + 1);
        foreach ((long page, CachedPage cached) in cache.OrderBy(p => p.Key).ToArray())
        {
            if (!cached.IsDirty) continue;
            long start = page * PageSize;
            bool isOfLastWrite = start < lastWrite.To && start + PageSize > lastWrite.From;
            if (isOfLastWrite && isTorn)
            {
                if (start + PageSize <= tear) Settle(page, cached.Bytes);
                else if (start < tear) Settle(page, Torn(page, cached.Bytes, (int)(tear - start)));
            }
            else if (dice.NextDouble() < kept)
            {
                Settle(page, cached.Bytes);
            }
        }

        if (dice.NextDouble() < kept) diskLength = Length;
        Length = diskLength;
        cache.Clear();
        lastWrite = default;
    }

    /// <summary>Changes bytes on the disk and in the cache behind everyone's back.</summary>
    public void Corrupt(long offset, byte mask)
    {
        long page = offset / PageSize;
        if (cache.TryGetValue(page, out CachedPage? cached)) (cached.Bytes ??= new byte[PageSize])[offset % PageSize] ^= mask;
        if (!disk.TryGetValue(page, out byte[]? bytes) || bytes is null) disk[page] = bytes = new byte[PageSize];
        bytes[offset % PageSize] ^= mask;
    }

    private byte[] Torn(long page, byte[]? bytes, int at)
    {
        byte[] torn = disk.GetValueOrDefault(page)?.ToArray() ?? new byte[PageSize];
        if (bytes is null) torn.AsSpan(0, at).Clear();
        else bytes.AsSpan(0, at).CopyTo(torn);
        return torn;
    }

    private void Settle(long page, byte[]? bytes)
    {
        if (bytes is null) disk.Remove(page);
        else disk[page] = bytes;
        cache.Remove(page);
    }

    private delegate void PartAction(long page, int within, Span<byte> part);

    private static void ForEachPage(long offset, int count, Span<byte> bytes, PartAction action)
    {
        for (int done = 0; done < count;)
        {
            int within = (int)((offset + done) % PageSize);
            int part = Math.Min(PageSize - within, count - done);
            action((offset + done) / PageSize, within, bytes.Slice(done, part));
            done += part;
        }
    }

    private sealed class CachedPage
    {
        public byte[]? Bytes { get; set; }

        public bool IsDirty { get; set; }
    }
}
