namespace Gache.Log;

/// <summary>An open file, read and written at positions; may be used by several threads at once.</summary>
public interface IFile : IDisposable
{
    /// <summary>The path it was opened by.</summary>
    string Path { get; }

    /// <summary>Its present size in bytes.</summary>
    long Length { get; }

    /// <summary>Reads until <paramref name="into"/> is full or the file ends.</summary>
    /// <returns>How many bytes were read.</returns>
    /// <exception cref="FileFailedException">The read failed.</exception>
    int Read(long offset, Span<byte> into);

    /// <summary>Writes all the bytes; behind the end the file grows.</summary>
    /// <exception cref="FileFailedException">The write failed, perhaps after a part of it (P3: never retried).</exception>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when all that was written before is in stable storage, with the size needed to read it (fdatasync).</summary>
    /// <exception cref="FileFailedException">The sync failed (P3: never retried).</exception>
    void Sync();
}
