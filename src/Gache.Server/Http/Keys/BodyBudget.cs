namespace Gache.Server.Http.Keys;

/// <summary>Bounds the memory of bodies that are still on their way in (P10): many slow senders of large values share it.</summary>
internal sealed class BodyBudget(long limitBytes = BodyBudget.DefaultBytes)
{
    /// <summary>128 MiB: twice the command queue's bound, so that senders at full speed are held up by the queue first.</summary>
    public const long DefaultBytes = 128L * 1024 * 1024;

    private long taken;

    /// <summary>Takes a share; false if the bound would be passed.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref taken, bytes) <= limitBytes) return true;
        Interlocked.Add(ref taken, -bytes);
        return false;
    }

    /// <summary>Gives a share back.</summary>
    public void Return(int bytes) => Interlocked.Add(ref taken, -bytes);
}
